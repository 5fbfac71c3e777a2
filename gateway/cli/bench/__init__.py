"""Load and upstream for measurements; both also run by themselves."""

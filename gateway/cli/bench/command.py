"""`gateway bench`."""


def bench() -> None:
    """Placeholder while wiring."""

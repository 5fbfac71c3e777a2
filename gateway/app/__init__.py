"""Where everything is built and wired, and nowhere else."""

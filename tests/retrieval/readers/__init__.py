"""The readers of each format."""

"""Attacks and faults played against a running gateway."""

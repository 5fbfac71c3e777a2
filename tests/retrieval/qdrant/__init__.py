"""Tests of points outside the database."""

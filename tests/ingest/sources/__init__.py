"""Tests of the places that collections are kept in step with."""

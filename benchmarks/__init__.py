"""Measurements, each a script that prints its figures; never part of the tests. See README.md."""

"""Writes of what a person did. Each takes the enrolment's row lock, so that counters equal facts in any race."""

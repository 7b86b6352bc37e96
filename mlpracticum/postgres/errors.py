"""The one error of the launcher: its text is written for the person at the terminal and says what to do."""


class PostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be made, started or stopped."""

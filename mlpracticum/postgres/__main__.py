"""`python -m mlpracticum.postgres status|stop`: look at the embedded server, or stop one left by a kill."""

import sys
from dataclasses import asdict

# Imported for its effect: it puts MLPRACTICUM_VAR and PG_BIN of the file .env into the environment.
from mlpracticum import env  # noqa: F401
from mlpracticum.postgres.errors import PostgresError
from mlpracticum.postgres.sharing import status, stop_unused


def main(arguments: list[str]) -> int:
    if arguments not in (["status"], ["stop"]):
        sys.stderr.write("usage: python -m mlpracticum.postgres status|stop\n")
        return 2
    try:
        if arguments == ["status"]:
            sys.stdout.writelines(f"{name:8} {value}\n" for name, value in asdict(status()).items())
            return 0
        stopped = stop_unused()
    except PostgresError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("not running\n" if stopped else "in use: end its users first\n")
    return 0 if stopped else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

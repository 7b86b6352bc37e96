"""Password hashing parameters."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2Hasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane.

    The second of the equivalent choices in the OWASP Password Storage Cheat Sheet; Django's default takes 100 MiB and
    eight lanes a login, which a small server cannot give to many people at once.
    """

    memory_cost = 19 * 1024  # KiB
    time_cost = 2
    parallelism = 1

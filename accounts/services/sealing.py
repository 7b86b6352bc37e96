"""Seals the secrets of second factors before they are stored: a copied database is not enough to make their codes.

The key is made from SECRET_KEY. After a change of it, what was sealed before opens as long as the old key is in
SECRET_KEY_FALLBACKS; `manage.py reseal_second_factors` seals it anew, so that the old one can go.
"""

import base64

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

PREFIX = "sealed:"
_PURPOSE = b"ml-practicum second factors"


def seal(text: str) -> str:
    """The text as it may be stored; the same text gives another result each time."""
    return PREFIX + _box().encrypt(text.encode()).decode()


def unseal(stored: str) -> str:
    """The text again. What was stored before sealing began is returned as it is.

    Raises:
        ImproperlyConfigured: it was sealed with a key that is neither SECRET_KEY nor a fallback.
    """
    if not stored.startswith(PREFIX):
        return stored
    try:
        return _box().decrypt(stored.removeprefix(PREFIX).encode()).decode()
    except InvalidToken as error:
        raise ImproperlyConfigured(
            "a second factor was sealed with another SECRET_KEY: put that one into SECRET_KEY_FALLBACKS"
        ) from error


def reseal_all() -> int:
    """Seal every stored secret with the key of today; returns the number of second factors. Idempotent."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES)
    count = 0
    for pk in Authenticator.objects.filter(type__in=kinds).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():  # one at a time, locked: a recovery code that is used meanwhile stays used
            row = Authenticator.objects.select_for_update().filter(pk=pk).first()
            if row is None:
                continue
            for name in {"secret", "seed"} & row.data.keys():
                row.data[name] = seal(unseal(row.data[name]))
            if "migrated_codes" in row.data:
                row.data["migrated_codes"] = [seal(unseal(code)) for code in row.data["migrated_codes"]]
            row.save(update_fields=["data"])
            count += 1
    return count


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(secret)) for secret in keys])


def _key(secret: str) -> bytes:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_PURPOSE).derive(secret.encode())
    return base64.urlsafe_b64encode(derived)

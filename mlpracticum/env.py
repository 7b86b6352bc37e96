"""The only reader of the environment.

Owns which variables exist, their types and defaults. In production mode a missing secret stops the process here, before
anything listens. Settings import names from this module and nothing else reads `os.environ`.
"""

import os
import re
import secrets
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("development", "production")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
YES, NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
# Without these a production server would be open, forgeable or without data.
REQUIRED_IN_PRODUCTION = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL")

_env = environ.Env()
if (BASE_DIR / ".env").is_file():
    _env.read_env(str(BASE_DIR / ".env"))  # values already in the environment win


def _list(name: str, text: str) -> list[str]:
    """Values separated by commas; white space around them means nothing.

    Raises:
        ImproperlyConfigured: there is text, and no value in it.
    """
    values = [value.strip() for value in text.split(",") if value.strip()]
    if text.strip() and not values:
        raise ImproperlyConfigured(f"{name}: {text!r} names nothing")
    return values


def _flag(name: str, text: str, *, default: bool) -> bool:
    """true or false. A misspelt `HTTPS=ture` must not switch the protection off.

    Raises:
        ImproperlyConfigured: it is neither.
    """
    word = text.strip().lower()
    if word and word not in YES + NO:
        raise ImproperlyConfigured(f"{name}: must be true or false, not {text!r}")
    return word in YES if word else default


def _count(name: str, text: str) -> int:
    """A whole number from 0 on; 0 where nothing is said.

    Raises:
        ImproperlyConfigured: it is none.
    """
    digits = text.strip() or "0"
    if not (digits.isascii() and digits.isdigit()):
        raise ImproperlyConfigured(f"{name}: must be a whole number from 0 on, not {text!r}")
    return int(digits)


def _address(name: str, text: str) -> str:
    """The address of a folder, ending with a slash; "" where nothing is said. It becomes part of a policy header.

    Raises:
        ImproperlyConfigured: it is none.
    """
    text = text.strip()
    if text and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?/[A-Za-z0-9._~/@+-]*", text.rstrip("/") + "/"):
        raise ImproperlyConfigured(f"{name}: must be the http or https address of a folder, not {text!r}")
    return text.rstrip("/") + "/" if text else ""


def _mode() -> str:
    mode = _env.str("MLPRACTICUM_MODE", default="development")
    if mode not in MODES:
        raise ImproperlyConfigured(f"MLPRACTICUM_MODE: must be one of {', '.join(MODES)}, not {mode!r}")
    if mode == "production":
        missing = [name for name in REQUIRED_IN_PRODUCTION if not _env.str(name, default="").strip()]
        if missing:
            raise ImproperlyConfigured(f"production needs these environment variables: {', '.join(missing)}")
        if len(_env.str("SECRET_KEY")) < 50:
            raise ImproperlyConfigured("SECRET_KEY: must have at least 50 characters in production")
        if "*" in _list("ALLOWED_HOSTS", _env.str("ALLOWED_HOSTS")):
            raise ImproperlyConfigured("ALLOWED_HOSTS: name the hosts; '*' is refused in production")
    return mode


def _development_key(var_dir: Path) -> str:
    """A key of this checkout's own, made once: even a forgotten development server signs with a secret."""
    path = var_dir / "secret_key"
    if not path.exists():
        var_dir.mkdir(parents=True, exist_ok=True)
        made = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        made.touch(mode=0o600)
        made.write_text(secrets.token_urlsafe(64), encoding="ascii")
        try:
            path.hardlink_to(made)  # the first of several starters wins; the others read its key
        except FileExistsError:
            pass
        made.unlink()
    return path.read_text(encoding="ascii")


MODE = _mode()
PRODUCTION = MODE == "production"
VAR_DIR = Path(_env.str("MLPRACTICUM_VAR", default=str(BASE_DIR / "var"))).resolve()
DATABASE_URL = _env.str("DATABASE_URL", default="")
TEST_DATABASE_NAME = _env.str("TEST_DATABASE_NAME", default="test_mlpracticum")
SECRET_KEY = _env.str("SECRET_KEY", default="") or _development_key(VAR_DIR)
# Keys of before: what they signed or sealed is still taken.
SECRET_KEY_FALLBACKS = _list("SECRET_KEY_FALLBACKS", _env.str("SECRET_KEY_FALLBACKS", default=""))
# A development server answers this machine alone, so that one left running by mistake serves nobody else.
ALLOWED_HOSTS = _list("ALLOWED_HOSTS", _env.str("ALLOWED_HOSTS", default="")) or ["localhost", "127.0.0.1", "[::1]"]
DEBUG = _flag("DEBUG", _env.str("DEBUG", default=""), default=False) and not PRODUCTION
CSRF_TRUSTED_ORIGINS = _list("CSRF_TRUSTED_ORIGINS", _env.str("CSRF_TRUSTED_ORIGINS", default=""))
# Behind a front proxy: how many proxies add to X-Forwarded-For. 0 trusts no forwarded header.
TRUSTED_PROXY_COUNT = _count("TRUSTED_PROXY_COUNT", _env.str("TRUSTED_PROXY_COUNT", default=""))
# false only for a trial of the production stack on a machine without a certificate
HTTPS = _flag("HTTPS", _env.str("HTTPS", default=""), default=PRODUCTION)
CACHE_URL = _env.str("CACHE_URL", default="")
EMAIL_URL = _env.str("EMAIL_URL", default="smtp://localhost:25" if PRODUCTION else "consolemail://")
DEFAULT_FROM_EMAIL = _env.str("DEFAULT_FROM_EMAIL", default="ML-Practicum <no-reply@localhost>")
MEDIA_ROOT = Path(_env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))).resolve()
# Where numpy and the like come from that cells import; "" for nowhere. `fetch_runtime_packages` brings them here.
PYODIDE_PACKAGE_URL = _address(
    "PYODIDE_PACKAGE_URL",
    _env.str("PYODIDE_PACKAGE_URL", default="https://cdn.jsdelivr.net/pyodide/v314.0.7/full/"),
)
RUNTIME_PACKAGES = Path(_env.str("RUNTIME_PACKAGES", default=str(VAR_DIR / "runtime-packages"))).resolve()
# Runs of learner code at a time, over all processes of the site: each takes a processor and up to 1 GB.
SANDBOX_SLOTS = _count("SANDBOX_SLOTS", _env.str("SANDBOX_SLOTS", default="")) or os.cpu_count() or 1
# How many times as much as usual the site's own limits let through (not those on log-in); 0 counts nothing.
LIMITS_FACTOR = _count("LIMITS_FACTOR", _env.str("LIMITS_FACTOR", default="").strip() or "1")
STATIC_ROOT = Path(_env.str("STATIC_ROOT", default=str(VAR_DIR / "static"))).resolve()
LOG_LEVEL = _env.str("LOG_LEVEL", default="").strip().upper() or "INFO"
if LOG_LEVEL not in LOG_LEVELS:
    raise ImproperlyConfigured(f"LOG_LEVEL: must be one of {', '.join(LOG_LEVELS)}, not {LOG_LEVEL!r}")


def database_config() -> dict:
    """The parsed DATABASE_URL. Only PostgreSQL is supported.

    Raises:
        ImproperlyConfigured: the URL names another database.
    """
    config = _env.db_url_config(DATABASE_URL)
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL: must begin with postgres:// or postgresql://")
    return config


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs: PG_BIN, or that of the package; None where there is neither."""
    from mlpracticum.postgres import PostgresError, places  # not above: it reads what this module puts there

    try:
        return places.binaries()
    except PostgresError:
        return None  # no package for this system: the installed programs are used


def cache_config() -> dict:
    """The parsed CACHE_URL, or a table in the database: rate limits must be shared by all workers."""
    if CACHE_URL:
        return _env.cache_url_config(CACHE_URL)
    return {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_table",
        # Django's 300 would drop live rate-limit counters and used one-time codes: a few addresses could flush them.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }


def email_config() -> dict:
    """Django's EMAIL_* settings from EMAIL_URL."""
    return _env.email_url_config(EMAIL_URL)

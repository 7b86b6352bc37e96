"""The only reader of the environment.

Owns which variables exist, their types and defaults. In production mode a missing secret stops the process here, before
anything listens. Settings import names from this module and nothing else reads `os.environ`.
"""

import secrets
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
MODES = ("development", "production")
# Without these a production server would be open, forgeable or without data.
REQUIRED_IN_PRODUCTION = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL")

_env = environ.Env()
if (BASE_DIR / ".env").is_file():
    _env.read_env(str(BASE_DIR / ".env"))  # values already in the environment win


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
        if "*" in _env.list("ALLOWED_HOSTS"):
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
# A development server answers this machine alone, so that one left running by mistake serves nobody else.
ALLOWED_HOSTS = _env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
DEBUG = _env.bool("DEBUG", default=False) and not PRODUCTION
CSRF_TRUSTED_ORIGINS = _env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Behind a front proxy: how many proxies add to X-Forwarded-For. 0 trusts no forwarded header.
TRUSTED_PROXY_COUNT = _env.int("TRUSTED_PROXY_COUNT", default=0)
# false only for a trial of the production stack on a machine without a certificate
HTTPS = _env.bool("HTTPS", default=PRODUCTION)
CACHE_URL = _env.str("CACHE_URL", default="")
EMAIL_URL = _env.str("EMAIL_URL", default="smtp://localhost:25" if PRODUCTION else "consolemail://")
DEFAULT_FROM_EMAIL = _env.str("DEFAULT_FROM_EMAIL", default="ML-Practicum <no-reply@localhost>")
MEDIA_ROOT = Path(_env.str("MEDIA_ROOT", default=str(VAR_DIR / "media"))).resolve()
STATIC_ROOT = Path(_env.str("STATIC_ROOT", default=str(VAR_DIR / "static"))).resolve()
LOG_LEVEL = _env.str("LOG_LEVEL", default="INFO").upper()


def database_config() -> dict:
    """The parsed DATABASE_URL. Only PostgreSQL is supported.

    Raises:
        ImproperlyConfigured: the URL names another database.
    """
    config = _env.db_url_config(DATABASE_URL)
    if config.get("ENGINE") != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL: must begin with postgres:// or postgresql://")
    return config


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

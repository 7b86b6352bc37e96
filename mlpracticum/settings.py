"""Django settings: one module for every mode.

Values that differ between machines come from `mlpracticum.env`; production mode refuses to start there when a secret is
missing. Nothing here reads the environment itself.
"""

from csp.constants import NONE, SELF

from mlpracticum import env, runtime_files

BASE_DIR = env.BASE_DIR
SECRET_KEY = env.SECRET_KEY
SECRET_KEY_FALLBACKS = env.SECRET_KEY_FALLBACKS
DEBUG = env.DEBUG
PRODUCTION = env.PRODUCTION
ALLOWED_HOSTS = env.ALLOWED_HOSTS
CSRF_TRUSTED_ORIGINS = env.CSRF_TRUSTED_ORIGINS
ROOT_URLCONF = "mlpracticum.urls"
WSGI_APPLICATION = "mlpracticum.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "progress",
    "courses",
    "accounts",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.headless",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_tasks_db",
]

MIDDLEWARE = [
    # Health answers need no host check, no redirect to HTTPS and no session.
    "mlpracticum.health.HealthMiddleware",
    "mlpracticum.lengths.LengthRequiredMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Above WhiteNoise, so that static files carry the policy too.
    "mlpracticum.policies.PolicyMiddleware",
    # Below the site's policy, which leaves a policy that is there; above WhiteNoise, which serves the worker's files.
    "mlpracticum.runtime_headers.RuntimeHeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "mlpracticum.byte_ranges.ByteRangeMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.LastSeenMiddleware",
    "accounts.middleware.AllauthGuardMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "mlpracticum.context.site",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# --- Data -----------------------------------------------------------------------------------------------------------
if env.DATABASE_URL:
    _database = env.database_config()
else:
    from mlpracticum import postgres

    _database = {
        "NAME": postgres.DATABASE,
        "USER": postgres.USER,
        "HOST": str(postgres.socket_dir()),
        "PORT": str(postgres.PORT),  # said, so that a PGPORT of the shell cannot lead elsewhere
    }
DATABASES = {
    "default": {
        **_database,
        "ENGINE": "mlpracticum.database",  # Django's own, with a cheaper health check
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Seconds: a host that drops packets must not hold a request, or the readiness probe, for minutes.
        # Statements of `accounts.querysets` are planned once a connection, from their first use on.
        "OPTIONS": {"prepare_threshold": 0, **_database.get("OPTIONS", {}), "connect_timeout": 5},
        "TEST": {"NAME": env.TEST_DATABASE_NAME},
    }
}
POSTGRES_PROGRAMS = env.postgres_programs()  # folder of pg_dump and the like for `backup`; None: those on the PATH
CACHES = {"default": env.cache_config()}
MEDIA_ROOT = env.MEDIA_ROOT
MEDIA_URL = "/media/"
FILE_UPLOAD_PERMISSIONS = 0o644
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # bytes; a lesson body edited in the admin
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}  # `manage.py db_worker` runs them

# --- Code of learners -----------------------------------------------------------------------------------------------
SANDBOX_RUNTIME = runtime_files.TARGET  # Pyodide, its snapshot and what runs in it; learner code's process may read it
SANDBOX_PACKAGES = env.RUNTIME_PACKAGES  # wheels and pyodide-lock.json, as `fetch_runtime_packages` leaves them
SANDBOX_SLOTS = env.SANDBOX_SLOTS  # runs at a time, over all processes that use one database

# --- Who ------------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "accounts.hashers.Argon2Hasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "progress:dashboard"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "accounts.forms.SignupFields"
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_UNIQUE_EMAIL = True
# Mails name people by address: a chosen name would let a sign-up send any sentence to anyone's mailbox.
ACCOUNT_USER_DISPLAY = "accounts.selectors.address_of"
ACCOUNT_SESSION_REMEMBER = True
USERSESSIONS_TRACK_ACTIVITY = True  # shows when a session was last used; accounts.middleware keeps it
ACCOUNT_DELETION_GRACE_DAYS = 14  # an account that its person deleted can be kept until then
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "ML-Practicum"
MFA_TOTP_TOLERANCE = 1  # periods of 30 s either way: phones whose clock is a little off
# Passkeys need a secure origin; browsers count localhost as one, the library must be told.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not env.HTTPS
ALLAUTH_TRUSTED_PROXY_COUNT = env.TRUSTED_PROXY_COUNT
HEADLESS_CLIENTS = ("app",)
HEADLESS_TOKEN_STRATEGY = "accounts.tokens.TokenStrategy"  # noqa: S105 (a dotted path)
HEADLESS_JWT_ALGORITHM = "HS256"
# A stateless token would outlive logout, and answer for inactive and deleted people.
HEADLESS_JWT_STATEFUL_VALIDATION_ENABLED = True
HEADLESS_JWT_ACCESS_TOKEN_EXPIRES_IN = 300  # seconds
HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN = 30 * 24 * 3600  # seconds
HEADLESS_JWT_ROTATE_REFRESH_TOKEN = True

# --- API ------------------------------------------------------------------------------------------------------------
LIMITS_FACTOR = env.LIMITS_FACTOR  # how many times as much our own limits let through; 0: they count nothing
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mlpracticum.rest.StrictJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "mlpracticum.rest.Negotiation",
    "DEFAULT_PAGINATION_CLASS": "mlpracticum.rest.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "mlpracticum.openapi.Schema",
    "ALLOWED_VERSIONS": ["1"],  # else drf-spectacular copies any ?version= of the schema into a header
    "EXCEPTION_HANDLER": "mlpracticum.rest.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNICODE_JSON": True,
    "URL_FORMAT_OVERRIDE": None,  # `Accept` alone says what is wanted; `?format=` would be a parameter of every route
}
SPECTACULAR_SETTINGS = {
    "TITLE": "ML-Practicum API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "PATH_CONVERTER_OVERRIDES": {
        "id": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
        "block_id": {"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "slug": {"type": "string", "pattern": "^[-a-zA-Z0-9_]+$"},
    },
    # Clients' names of what has a closed list of values, so that no new field renames them.
    "ENUM_NAME_OVERRIDES": {
        "BlockType": "courses.content.schema.BLOCK_TYPES",
        "CalloutKind": "courses.api.block_serializers.CALLOUTS",
        "CellOutputType": "courses.api.block_serializers.OUTPUTS",
        "CellRun": "courses.api.block_serializers.RUNS",
        "ChangeKind": "progress.api.sync_serializers.KINDS",
        "CheckComparison": "courses.api.block_serializers.COMPARISONS",
        "CompletionRule": "progress.api.course_serializers.RULES",
        "CourseLevel": "courses.api.serializers.LEVELS",
        "EventReason": "progress.services.syncing.REASONS",
        "EventStatus": "progress.api.sync_serializers.STATUSES",
        "EventType": "progress.api.sync_serializers.TYPES",
        "JudgedType": "progress.api.practice_serializers.JUDGED",
        "Metric": "courses.api.block_serializers.METRICS",
        "ProblemType": "mlpracticum.openapi.PROBLEM_TYPES",
        "PartKind": "progress.api.download_serializers.KINDS",
        "QuizKind": "courses.api.block_serializers.QUIZZES",
        "Verdict": "progress.selectors.attempts.VERDICTS",
        "VerifiedBy": "progress.selectors.attempts.VERIFIERS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mlpracticum.openapi.tell_feedbacks_apart",
        "mlpracticum.openapi_links.add_links",
        "mlpracticum.openapi.explain_problems",
        "accounts.api.auth_document.add_operations",
    ],
}

# --- Static files ---------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.STATIC_ROOT
if not env.PRODUCTION:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing one, though it uses the finders
# Third-party assets are put into build/assets from locked packages; a bare checkout has none yet.
STATICFILES_DIRS = [folder for folder in (BASE_DIR / "static", BASE_DIR / "build" / "assets") if folder.is_dir()]
# The Python of readers' browsers (`mlpracticum.runtime_assets` makes it), and the packages that cells may import.
PRACTICE_RUNTIME = BASE_DIR / "build" / "assets" / "runtime"
RUNTIME_PACKAGES = SANDBOX_PACKAGES
PYODIDE_PACKAGE_URL = env.PYODIDE_PACKAGE_URL
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Uploaded courses on their way to the worker: below MEDIA_ROOT, which both see; they hold solutions.
    "imports": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not env.PRODUCTION
WHITENOISE_AUTOREFRESH = not env.PRODUCTION  # a stylesheet that is edited shows at the next request

# --- Language and time ----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

# --- Mail -----------------------------------------------------------------------------------------------------------
vars().update(env.email_config())
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.DEFAULT_FROM_EMAIL

# --- Security -------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # data: for the QR code of the second factor
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 24 * 3600  # seconds
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = env.HTTPS
if env.HTTPS:
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
if env.TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# --- Logs -----------------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": "mlpracticum.logs.JSONFormatter"},
        "plain": {"format": "%(levelname)s %(name)s: %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "json" if env.PRODUCTION else "plain"},
    },
    "root": {"handlers": ["console"], "level": env.LOG_LEVEL},
    "loggers": {
        # Django's own handlers would mail admins and print to a terminal in debug mode only.
        "django": {"handlers": [], "level": env.LOG_LEVEL, "propagate": True},
        "django.server": {"handlers": [], "level": env.LOG_LEVEL, "propagate": True},
    },
}

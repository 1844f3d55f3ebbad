"""Settings of the web processes and the workers, on one page; they fail closed.

Every name read with `env.text(name)` and no default is required: the processes refuse to start
without it (`env.refuse_if_missing`), and `manage.py check --deploy` names it.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paitho.lib.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

# --- what runs where -------------------------------------------------------------------------

EMBEDDED = env.flag("PAITHO_EMBEDDED")
STATE_DIR = Path(env.text("PAITHO_STATE", str(BASE_DIR / ".paitho")))
REGION = env.text("PAITHO_REGION")
REGION_HOSTS = dict(pair.split("=", 1) for pair in env.items("PAITHO_REGION_HOSTS"))
ORIGIN = env.text("PAITHO_ORIGIN")
APEX = urlsplit(ORIGIN)
OPS_ORIGIN = env.text("PAITHO_OPS_ORIGIN", "")
SECRET_KEY = env.text("PAITHO_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.items("PAITHO_SECRET_KEY_FALLBACKS")
DEBUG = False
DEFAULT_EXCEPTION_REPORTER_FILTER = "paitho.reports.NothingTyped"
# tenants.middleware.Csrf is Django's protection, told apart by host; the check looks for the class itself.
SILENCED_SYSTEM_CHECKS = ["security.W003"]
# Our own proxy stands in front: it tells the client's address and scheme, and drops what a client claims.
BEHIND_PROXY = env.flag("PAITHO_BEHIND_PROXY")
# The middleware answers only hosts that the directory knows; a list here could not follow custom domains.
ALLOWED_HOSTS = ["*"]

# --- applications: each on one side of the boundary --------------------------------------------

DIRECTORY_APPS = ["tenants", "trust", "operators"]
TENANT_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "allauth.account",
    "allauth.mfa",
    "accounts",
    "keychain",
    "audit",
    "leads",
    "mailbox",
    "campaigns",
]
INSTALLED_APPS = [
    *DIRECTORY_APPS,
    *TENANT_APPS,
    "paitho",
    "allauth",
    "csp",
    "django_filters",
    "django_htmx",
    "django.forms",
    "django.contrib.humanize",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "paitho.middleware.PolicyHeaders",
    "tenants.middleware.WorkspaceByHost",
    "accounts.middleware.WorkspaceSessions",
    "django.middleware.common.CommonMiddleware",
    "tenants.middleware.Csrf",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "paitho.urls_workspace"
APEX_URLCONF = "paitho.urls_apex"
WSGI_APPLICATION = "paitho.wsgi.application"

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
                "paitho.context.shell",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- the database: one alias bound to a workspace, one for the directory -----------------------

DATABASE_SERVER: dict[str, Any] = {
    "HOST": env.text("PAITHO_DATABASE_HOST"),
    "PORT": env.text("PAITHO_DATABASE_PORT", "5432"),
    "NAME": env.text("PAITHO_DATABASE_NAME", "paitho_main"),
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {"sslmode": env.text("PAITHO_DATABASE_SSLMODE", "prefer"), "connect_timeout": 10},
    "DISABLE_SERVER_SIDE_CURSORS": env.flag("PAITHO_POOLED"),
}
DATABASES: dict[str, dict[str, Any]] = {
    "default": {**DATABASE_SERVER, "ENGINE": "tenants.backend"},
    "directory": {
        **DATABASE_SERVER,
        "ENGINE": "tenants.directory_backend",
        "USER": "paitho_directory",
        "PASSWORD": env.text("PAITHO_DIRECTORY_PASSWORD"),
    },
}
DATABASE_ROUTERS = ["tenants.routers.BoundaryRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Idle sessions that a process keeps open, of whatever workspaces were used last.
WARM_SESSIONS = env.integer("PAITHO_WARM_SESSIONS", 24)
# Held by the provisioning worker and the management commands that change structure; by no web process.
OWNER_PASSWORD = env.optional("PAITHO_OWNER_PASSWORD")
if OWNER_PASSWORD:
    OWNER = {
        **DATABASE_SERVER,
        "ENGINE": "django.db.backends.postgresql",
        "USER": "paitho_owner",
        "PASSWORD": OWNER_PASSWORD,
    }
    DATABASES["owner"] = OWNER
    DATABASES["reference"] = {
        **OWNER,
        "OPTIONS": {**OWNER["OPTIONS"], "options": "-c search_path=workspace_reference,pg_temp"},
    }
# Held by the backup and restore commands only.
BACKUP_PASSWORD = env.optional("PAITHO_BACKUP_PASSWORD")

# Private addresses are for servers of the operator's own network, and for the embedded default's loopback.
ALLOW_PRIVATE_HOSTS = EMBEDDED or env.flag("PAITHO_ALLOW_PRIVATE_HOSTS")

# Our registrations at vendors whose mailboxes are opened by consent; without one, its button is not there.
MAILBOX_APPS = {
    vendor: {"id": client, "secret": env.optional(f"PAITHO_{vendor.upper()}_CLIENT_SECRET") or ""}
    for vendor in ("google", "microsoft")
    if (client := env.optional(f"PAITHO_{vendor.upper()}_CLIENT_ID"))
}
MAILBOX_VENDORS: dict[str, Any] = {}  # other addresses of theirs, for tests

KMS = env.text("PAITHO_KMS")
# By kind of credential, a function (kind, secret, endpoint) that asks the provider: what is wrong, or "".
KEY_CHECKS = dict.fromkeys(("openai", "anthropic", "google", "compatible"), "campaigns.key_check.problem")
# How long a backup lives: what a receipt of erasure says, and what the backup command keeps.
BACKUP_DAYS = env.integer("PAITHO_BACKUP_DAYS", 35)
BACKUP_HOURS = env.integer("PAITHO_BACKUP_HOURS", 24)
# The directory holds the wrapped keys: a shredded workspace stays shredded once its last copy has ended.
DIRECTORY_BACKUP_DAYS = env.integer("PAITHO_DIRECTORY_BACKUP_DAYS", 7)
# A directory, or s3://bucket/prefix.
BACKUPS = env.text("PAITHO_BACKUPS", str(STATE_DIR / "backups"))
# Exports that wait for their owner, sealed; web and workers reach the same place.
EXPORTS = env.text("PAITHO_EXPORTS", str(STATE_DIR / "exports"))
POSTGRES_BIN = env.text("PAITHO_POSTGRES_BIN", "")
# What a restore carries forward and puts right, table by table, and what it does in the restored workspace.
RESTORE_STEPS = [
    "accounts.restored",
    "keychain.restored",
    "leads.restored",
    "mailbox.restored",
    "campaigns.restored",
    "audit.restored",
]
AFTER_RESTORE = ["keychain.reindexing.catch_up", "leads.restored.erase_again"]

# --- cache and work -----------------------------------------------------------------------------

REDIS_URL = env.text("PAITHO_REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_FUNCTION": "tenants.cache.workspace_key",
        "TIMEOUT": 300,
    }
}

# Each kind of background work: the function that does one bounded slice, the queue it runs on and
# the longest time (seconds) until it looks again although nobody rang.
WORK = {
    "provision": ("tenants.upkeep.upkeep_slice", "provision", 3600),
    "rekey": ("keychain.rotation.rekey_slice", "provision", 3600),
    "reseal": ("keychain.rotation.reseal_slice", "cpu", 3600),
    "import": ("leads.actions.import_slice", "cpu", 3600),
    "trial": ("leads.actions.trial_slice", "cpu", 3600),
    "bulk": ("leads.actions.bulk_slice", "cpu", 3600),
    "enrich": ("leads.actions.enriching.enrich_slice", "mail", 3600),
    "remind": ("leads.actions.reminders.remind_slice", "mail", 24 * 3600),
    "pipeline": ("campaigns.pipeline.pipeline_slice", "llm", 3600),
    "send": ("campaigns.sending.send_slice", "mail", 600),
    "replies": ("campaigns.replies.reply_slice", "llm", 3600),
    "sync": ("mailbox.syncing.sync_slice", "mail", 60),
    "operated": ("audit.operated.operated_slice", "cpu", 86400),
    "react": ("campaigns.reactions.react_slice", "mail", 3600),
    "export": ("audit.exporting.export_slice", "cpu", 24 * 3600),
    "seal": ("audit.sealing.seal_slice", "cpu", 900),
    "retention": ("audit.retention.retention_slice", "cpu", 24 * 3600),
}
# URL names that answer on a closed workspace's host, and on one that was renamed: a recipient can always
# refuse further mail. While it waits to be deleted, its people can also sign in.
ALWAYS_OPEN = {"campaigns:opt_out", "campaigns:erase"}
OPEN_WHILE_DELETING = {
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "mfa_authenticate",
    "mfa_reauthenticate",
    "mfa_login_webauthn",
    "mfa_reauthenticate_webauthn",
    "audit:keep",
}
# The page (a URL name, also listed above) on which an owner keeps a workspace that is to be deleted.
KEEP_URL_NAME = "audit:keep"
# Functions called in a workspace (bound to it) before it is removed, each time its removal is tried.
BEFORE_REMOVAL = ["audit.exporting.drop_files"]
# What is kept for a time only: each takes the time that it is and returns what it took out.
RETENTION = [
    "campaigns.retention.anonymise_logs",
    "accounts.retention.end_sessions",
    "accounts.retention.end_invitations",
    "leads.retention.drop_waiting_files",
    "leads.retention.drop_rejects",
    "leads.retention.drop_bulk_jobs",
    "audit.exporting.end_exports",
    "audit.retention.expire_log",
]
# Rung once, when a workspace is made. `backup` is claimed by `manage.py keep_backups`, by no worker.
ALWAYS_RUNG = ["backup", "retention", "remind", "seal"]
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "global_keyprefix": f"{REGION}:"}
CELERY_TASK_DEFAULT_QUEUE = "cpu"
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "tick": {"task": "tenants.tick", "schedule": 1.0, "options": {"queue": "provision", "expires": 5}},
    "probe": {"task": "trust.probe", "schedule": 60.0, "options": {"queue": "mail", "expires": 50}},
    "errands": {"task": "trust.errands", "schedule": 30.0, "options": {"queue": "mail", "expires": 25}},
    "posture": {"task": "trust.posture", "schedule": 60.0, "options": {"queue": "provision", "expires": 50}},
    "forget": {"task": "trust.forget", "schedule": 3600.0, "options": {"queue": "mail", "expires": 600}},
    **{
        f"pulse-{queue}": {
            "task": "trust.pulse",
            "args": [queue],
            "schedule": 20.0,
            "options": {"queue": queue, "expires": 50},
        }
        for queue in ("llm", "mail", "cpu", "provision")
    },
}

# --- people and sessions -----------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.Member"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# A large upload waits as ciphertext, not as the file that it is.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "keychain.uploads.SealedUploadHandler",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.adapter.WorkspaceAccounts"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = APEX.scheme or "https"
ACCOUNT_EMAIL_NOTIFICATIONS = True
# An address that nobody here has might be anyone's: nothing is sent to it.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
MFA_ADAPTER = "accounts.second_factor.SealedSecondFactor"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = EMBEDDED

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_USE_SESSIONS = True
CSRF_COOKIE_SECURE = True
CSRF_FAILURE_VIEW = "paitho.errors.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- what the browser is told -------------------------------------------------------------------

IS_HTTPS = APEX.scheme == "https"
SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 63072000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- mail that Paitho itself sends (verification, reset, notices); never to a prospect -----------

DEFAULT_FROM_EMAIL = env.text("PAITHO_MAIL_FROM", "Paitho <no-reply@paitho.sandbox>" if EMBEDDED else None)
MAIL_PROVIDER = env.text("PAITHO_MAIL_PROVIDER", "sandbox" if EMBEDDED else None)
EMAIL_BACKEND = {
    "postmark": "anymail.backends.postmark.EmailBackend",
    "resend": "anymail.backends.resend.EmailBackend",
    "sandbox": "django.core.mail.backends.smtp.EmailBackend",
}.get(MAIL_PROVIDER, "django.core.mail.backends.dummy.EmailBackend")
ANYMAIL = {
    "POSTMARK_SERVER_TOKEN": env.optional("PAITHO_POSTMARK_TOKEN"),
    # Whatever is switched on at the provider: no pixel, no rewritten link.
    "POSTMARK_SEND_DEFAULTS": {"track_opens": False, "track_clicks": False},
    "RESEND_API_KEY": env.optional("PAITHO_RESEND_KEY"),
    "REQUESTS_TIMEOUT": (5, 20),
}
# Functions of an address, asked in a workspace before a mail leaves: why not, or an empty string.
NOTICE_GUARDS = ["leads.guard.why_not"]
SANDBOX_DIR = Path(env.text("PAITHO_SANDBOX_DIR", str(STATE_DIR / "mail")))
SANDBOX_SMTP = env.text("PAITHO_SANDBOX_SMTP", "")
SANDBOX_IMAP = env.text("PAITHO_SANDBOX_IMAP", "")
EMAIL_HOST, _, EMAIL_PORT = SANDBOX_SMTP.partition(":")
EMAIL_TIMEOUT = 20

# --- files, words, logs ---------------------------------------------------------------------------

STATIC_URL = "/static/"
# The embedded default serves from where the files lie; production collects them, hashed, once.
STATIC_ROOT = None if EMBEDDED else BASE_DIR / "static"
STATICFILES_DIRS: list[tuple[str, Path]] = []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if EMBEDDED
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = EMBEDDED
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("PAITHO_LOG_LEVEL", "INFO")},
    "loggers": {"django": {"level": "INFO"}, "botocore": {"level": "WARNING"}},
}
SENTRY_DSN = env.optional("PAITHO_SENTRY_DSN")
# The share of requests and tasks whose timings are reported as well: 0 to 1.
SENTRY_TRACES = float(env.text("PAITHO_SENTRY_TRACES", "0"))

"""Settings of the operators' console, on one page; they fail closed.

A process of its own: another login to the database (`paitho_ops`), another secret key, another cookie,
another port. It holds no KMS, no owner's and no directory's password, and no model of a tenant schema.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from paitho.lib.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

EMBEDDED = env.flag("PAITHO_EMBEDDED")
REGION = env.text("PAITHO_REGION")
ORIGIN = env.text("PAITHO_ORIGIN")
APEX = urlsplit(ORIGIN)
OPS_ORIGIN = env.text("PAITHO_OPS_ORIGIN")
OPS = urlsplit(OPS_ORIGIN)
SECRET_KEY = env.text("PAITHO_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.items("PAITHO_SECRET_KEY_FALLBACKS")
DEBUG = False
BEHIND_PROXY = env.flag("PAITHO_BEHIND_PROXY")
ALLOWED_HOSTS = [OPS.hostname or ""]

# --- applications ---------------------------------------------------------------------------------

INSTALLED_APPS = [
    "operators",  # first: its files stand in for unfold's of the same name
    "unfold",
    "django.contrib.admin",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "tenants",
    "trust",
    "paitho",
    "csp",
    "django.forms",
    "django.contrib.postgres",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
DIRECTORY_APPS = ["tenants", "trust", "operators"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "paitho.middleware.PolicyHeaders",
    "paitho.middleware.NoNulBytes",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "paitho.urls_ops"
WSGI_APPLICATION = "paitho.wsgi_ops.application"
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
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- the database: the operators' login, and no other ----------------------------------------------

DIRECTORY: dict[str, Any] = {
    "ENGINE": "tenants.directory_backend",
    "HOST": env.text("PAITHO_DATABASE_HOST"),
    "PORT": env.text("PAITHO_DATABASE_PORT", "5432"),
    "NAME": env.text("PAITHO_DATABASE_NAME", "paitho_main"),
    "USER": "paitho_ops",
    "PASSWORD": env.text("PAITHO_OPS_PASSWORD"),
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {"sslmode": env.text("PAITHO_DATABASE_SSLMODE", "prefer"), "connect_timeout": 10},
    "DISABLE_SERVER_SIDE_CURSORS": env.flag("PAITHO_POOLED"),
}
# `default` would be a workspace: here there is none, and Django's dummy refuses whoever asks for it.
DATABASES: dict[str, dict[str, Any]] = {"default": {}, "directory": DIRECTORY}
DATABASE_ROUTERS = ["operators.routers.DirectoryOnly"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("PAITHO_REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ops",
        "TIMEOUT": 300,
    }
}

# --- people and sessions ---------------------------------------------------------------------------

AUTH_USER_MODEL = "operators.Operator"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
     "OPTIONS": {"user_attributes": ("email", "name")}},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 14}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]  # fmt: skip
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
IS_HTTPS = OPS.scheme == "https"
SESSION_ENGINE = "operators.sessions"
# Browsers take a __Host- cookie over http from localhost alone, which is where the embedded default serves.
SESSION_COOKIE_NAME = "__Host-console"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_USE_SESSIONS = True
CSRF_COOKIE_SECURE = True
CSRF_TRUSTED_ORIGINS = [OPS_ORIGIN] if OPS_ORIGIN else []
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- what the browser is told ----------------------------------------------------------------------

SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 63072000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
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

# --- the console's looks ---------------------------------------------------------------------------

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Paitho console",
    "SITE_HEADER": "Paitho console",
    "SITE_SUBHEADER": REGION.upper(),
    "SITE_URL": ORIGIN,
    "SITE_SYMBOL": "admin_panel_settings",
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": True,
    # Inline styles are refused here: the colours are a style sheet of ours.
    "STYLES": ["operators.console.looks.style_sheet"],
    "SIDEBAR": {"navigation": "operators.console.looks.navigation"},
    "ACCOUNT": {"navigation": [{"title": "Your sign-in", "link": "/me/"}]},
}

# --- files, words, logs ----------------------------------------------------------------------------

STATIC_URL = "/static/"
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
DATE_FORMAT, DATETIME_FORMAT = "Y-m-d", "Y-m-d H:i"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("PAITHO_LOG_LEVEL", "INFO")},
}
SENTRY_DSN = env.optional("PAITHO_SENTRY_DSN")
SENTRY_TRACES = float(env.text("PAITHO_SENTRY_TRACES", "0"))

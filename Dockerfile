# syntax=docker/dockerfile:1
# One image for every process of the product (target `app`), one for the backup commands with PostgreSQL's
# client (target `tools`), one for the pooler (target `pgbouncer`). docker-compose.yml runs them.

FROM node:24-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --no-progress --no-update-notifier


FROM python:3.13-slim-trixie AS python
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH PAITHO_STATE=/var/lib/paitho/files
RUN useradd --system --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin paitho \
    && install -d -o paitho -g paitho -m 0700 /var/lib/paitho/files /var/lib/paitho/kms
WORKDIR /app


FROM python AS build
COPY --from=ghcr.io/astral-sh/uv:0.13.9 /uv /usr/local/bin/uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN --mount=type=cache,target=/root/.cache/uv uv sync --frozen --no-default-groups
COPY . .
COPY --from=packages /app/node_modules node_modules
RUN python -m paitho.assets \
    && python manage.py collectstatic --no-input \
    && rm -rf node_modules paitho/static/build \
    && python -m compileall -q -j 0 paitho tenants accounts keychain audit leads mailbox campaigns trust operators


FROM python AS app
COPY --from=build /app /app
USER paitho


FROM python AS pgdg
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && rm -rf /var/lib/apt/lists/*


FROM pgdg AS tools
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client-18 \
    && install -d -o paitho -g paitho -m 0700 /backups \
    && rm -rf /var/lib/apt/lists/*
ENV PAITHO_POSTGRES_BIN=/usr/lib/postgresql/18/bin
COPY --from=build /app /app
USER paitho


FROM pgdg AS pgbouncer
# Before 1.26.1 a client that knows one password can sign in as another (CVE-2026-107350).
RUN apt-get update \
    && apt-get install --yes --no-install-recommends pgbouncer \
    && dpkg --compare-versions "$(dpkg-query --showformat '${Version}' --show pgbouncer)" ge 1.26.1 \
    && rm -rf /var/lib/apt/lists/*
USER postgres
# The pooler's own password comes as a secret; those of everybody else it asks PostgreSQL for.
CMD ["/bin/sh", "-euc", "umask 077; printf '\"paitho_pooler\" \"%s\"\\n' \"$(cat /run/secrets/pooler_password)\" > /tmp/users.txt; exec pgbouncer /etc/pgbouncer/pgbouncer.ini"]

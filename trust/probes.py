"""Whether the parts a page depends on answer now. Each probe gives up after about two seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import psycopg
import redis
from django.conf import settings

from keychain.crypto.kms import kms_from_url
from keychain.crypto.kms.rules import Context, KmsError

NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Component:
    name: str
    is_up: bool


def components() -> list[Component]:
    return [Component(name, answers()) for name, answers in PROBES]


def database_answers() -> bool:
    server = settings.DATABASES["directory"]
    try:
        with psycopg.connect(
            host=server["HOST"],
            port=server["PORT"],
            dbname=server["NAME"],
            user=server["USER"],
            password=server["PASSWORD"],
            sslmode=server["OPTIONS"]["sslmode"],
            connect_timeout=2,
        ):
            return True
    except psycopg.OperationalError:
        return False


def redis_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as line:
            return bool(line.ping())
    except redis.RedisError:
        return False


def kms_answers() -> bool:
    try:
        kms_from_url(settings.KMS).generate(Context(NOBODY, "status", 1))
    except KmsError:
        return False
    return True


PROBES: tuple[tuple[str, Callable[[], bool]], ...] = (
    ("Database", database_answers),
    ("Redis", redis_answers),
    ("Key management", kms_answers),
)

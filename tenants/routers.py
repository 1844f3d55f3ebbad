"""Sends each model to its side of the boundary, and each migration to its own schema."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.models import Model

DIRECTORY, TENANT = "directory", "default"


def is_directory_app(label: str) -> bool:
    return apps.get_app_config(label).name in settings.DIRECTORY_APPS


class BoundaryRouter:
    """Directory models live in `public`; every other model lives in the bound workspace's schema."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return DIRECTORY if is_directory_app(model._meta.app_label) else TENANT

    db_for_write = db_for_read

    def allow_relation(self, one: Model, other: Model, **hints: Any) -> bool:
        return is_directory_app(one._meta.app_label) == is_directory_app(other._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """`owner` migrates the directory, `reference` the reference schema; no other alias migrates."""
        if db == "owner":
            return is_directory_app(app_label)
        return db == "reference" and not is_directory_app(app_label)

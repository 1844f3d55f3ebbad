"""In the console's process every model is the directory's; nothing is ever migrated from there."""

from __future__ import annotations

from typing import Any

from django.db.models import Model


class DirectoryOnly:
    def db_for_read(self, model: type[Model], **hints: Any) -> str:
        return "directory"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        return False

"""Cache keys carry the workspace, so that one workspace's entry is never another's."""

from __future__ import annotations

from tenants.binding import current, is_bound


def workspace_key(key: str, key_prefix: str, version: int) -> str:
    scope = current().id.hex if is_bound() else "apex"
    return f"{key_prefix}:{version}:{scope}:{key}"

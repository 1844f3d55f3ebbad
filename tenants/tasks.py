"""Celery at the boundary: a task carries ids, enters its workspace, or fails."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from celery import Task, current_app, shared_task
from django.conf import settings

from tenants import bells, directory
from tenants.binding import bound, current
from tenants.errors import NoWorkspace
from tenants.workspace import WorkspaceRef

HEADER = "paitho-workspace"
CLAIM_AT_MOST = 64


class WorkspaceTask(Task):
    """A task that runs bound to the workspace its header names, and never unbound."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        named = (getattr(self.request, "headers", None) or {}).get(HEADER) or self.request.get(HEADER)
        if not named:
            raise NoWorkspace("This task came without a workspace.")
        with bound(directory.by_id(UUID(str(named)))):
            return super().__call__(*args, **kwargs)

    @classmethod
    def header(cls, workspace: WorkspaceRef) -> dict[str, str]:
        return {HEADER: str(workspace.id)}


@shared_task(name="tenants.tick", ignore_result=True)
def tick() -> int:
    """Claim due bells and send each to its queue. Beat rings this every second."""
    claimed = bells.claim(CLAIM_AT_MOST)
    for kind, workspace in claimed:
        send_work(kind, workspace)
    return len(claimed)


def send_work(kind: str, workspace: WorkspaceRef) -> None:
    queue = settings.WORK[kind][1]
    work.apply_async(args=[kind], queue=queue, headers=WorkspaceTask.header(workspace))


@shared_task(name="tenants.work", base=WorkspaceTask, ignore_result=True)
def work(kind: str) -> None:
    """One slice of one kind of work in the workspace of the header; rings on when more is due."""
    if bells.work_slice(kind, current()):
        current_app.send_task("tenants.tick", queue="provision", expires=5)

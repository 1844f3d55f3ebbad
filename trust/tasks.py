"""Beat's calls for the public site: probes, pulses of the queues, errands, and the checks of the posture."""

from __future__ import annotations

from celery import shared_task

from trust import directory, errands, status
from trust.posture import run


@shared_task(name="trust.pulse", ignore_result=True)
def pulse(queue: str) -> None:
    """A sign of life of whoever serves the queue."""
    status.beat(queue)


@shared_task(name="trust.probe", ignore_result=True)
def probe() -> None:
    status.probe_all()


@shared_task(name="trust.errands", ignore_result=True)
def carry_out() -> None:
    errands.run()


@shared_task(name="trust.forget", ignore_result=True)
def forget() -> None:
    directory.forget_old()


@shared_task(name="trust.posture", ignore_result=True)
def posture() -> None:
    """Prove the trust page once an hour; asked more often, so that a missed hour is made up for."""
    if run.is_due():
        run.keep(run.verify())

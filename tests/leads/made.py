"""Things of the leads pages that tests make, as the member who asks."""

from __future__ import annotations

import io
from typing import Any

from django.utils import timezone

from accounts.models import Member
from audit.actors import Actor
from keychain.models import Kind
from leads.actions.bulk import begin_bulk
from leads.actions.filters import save_filter
from leads.actions.imports import import_slice, mapping_of, start, upload
from leads.actions.people import add_lead, make_label, profile_of
from leads.actions.requests import open_request
from leads.actions.suppression import suppress
from leads.filtering import Filter
from leads.listing import Order
from leads.models import Bulk, BulkAction, Enrichment, Import, LabelKind, Lead, Reason, RequestKind, Source
from leads.profile import Policy
from mailbox.models import Mailbox, Message, Thread
from tests.mail_world import a_mailbox

PEOPLE = b"email,first_name,company\nada@engines.test,Ada,Engines\nbob@engines.test,Bob,Engines\nnobody,X,Y\n"


def by(person: Member) -> Actor:
    return Actor(person.pk, str(person))


def an_upload(person: Member, data: bytes = PEOPLE) -> Import:
    return upload(io.BytesIO(data), "people.csv", len(data), by=by(person))


def an_import(person: Member, data: bytes = PEOPLE, policy: Policy = Policy.SKIP) -> Import:
    """Uploaded, begun, and taken in to its end."""
    job = an_upload(person, data)
    start(job, mapping_of(job), policy, by=by(person))
    while import_slice():
        continue
    job.refresh_from_db()
    return job


def a_lead(person: Member, email: str = "carla@looms.test", **facts: str) -> Lead:
    known = (lead for lead in Lead.objects.filter(source=None) if lead.email == email)
    return next(known, None) or add_lead(profile_of(email, facts), by=by(person))


def an_upload_pk(person: Member) -> dict[str, Any]:
    return {"pk": an_upload(person).pk}


def an_import_pk(person: Member) -> dict[str, Any]:
    return {"pk": an_import(person).pk}


def a_lead_pk(person: Member) -> dict[str, Any]:
    return {"pk": a_lead(person).pk}


def a_message(lead: Lead, direction: str = "out") -> Message:
    """A mail to or from the lead, in the lead's one thread."""
    thread = Thread.objects.filter(lead=lead).first()
    if thread is None:
        thread = Thread(mailbox=Mailbox.objects.first() or a_mailbox(), lead=lead)
        thread.save()
    message = Message(thread=thread, mailbox=thread.mailbox, direction=direction, subject="Your looms")
    message.message_id, message.body = f"<{message.pk}@acme.test>", "Hello"
    message.save()
    return message


def a_filter_pk(person: Member) -> dict[str, Any]:
    return {"pk": save_filter("Looms", Filter(q="looms.test"), Order.NEWEST, by=by(person)).pk}


def a_label_pk(person: Member) -> dict[str, Any]:
    return {"pk": make_label(LabelKind.TAG, "spring").pk}


def a_bulk_pk(person: Member) -> dict[str, Any]:
    lead = a_lead(person)
    return {"pk": begin_bulk(BulkAction.SUPPRESS, {"ids": [str(lead.pk)]}, by=by(person)).pk}


def a_bulk_question_pk(person: Member) -> dict[str, Any]:
    """A job that has asked Apollo about a lead, with an answer that waits."""
    lead = a_lead(person)
    job = Bulk(action=BulkAction.ENRICH, source=Source.APOLLO, choice={"ids": [str(lead.pk)]}, until=lead.pk)
    job.total = job.done = job.found = 1
    job.actor, job.finished_at = {"name": str(person), "ip": ""}, timezone.now()
    job.save()
    Enrichment.objects.filter(pk=an_answer_pk(person)["answer"]).update(job=job)
    return {"pk": job.pk}


def a_suppression_pk(person: Member) -> dict[str, Any]:
    return {"pk": suppress("stop@looms.test", Reason.BY_HAND, by=by(person)).pk}


def a_request_pk(person: Member) -> dict[str, Any]:
    return {"pk": open_request(RequestKind.ACCESS, "carla@looms.test", by=by(person)).pk}


def an_answer_pk(person: Member) -> dict[str, Any]:
    lead = a_lead(person)
    answer = Enrichment(lead=lead, provider=Kind.APOLLO, outcome="found", sentence="Found.", asked={})
    answer.fields = {"title": "Weaver"}
    answer.save()
    return {"pk": lead.pk, "answer": answer.pk}

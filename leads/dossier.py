"""Everything that is kept about an address, in one value that a person can be given."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from leads.facts import facts_of
from leads.history import history_of
from leads.models import ImportReject, Lead, Listing, SubjectRequest, Suppression

Dossier = dict[str, Any]


def dossier_of(request: SubjectRequest) -> Dossier:
    """What is found under the request's address; each part is there even when it is empty."""
    index = bytes(request.email_index)
    lead = Lead.objects.select_related("source").filter(email_index=index).first()
    by_index = Suppression.objects.filter(index=index, covers_domain=False)
    listings = Listing.objects.select_related("opt_in__credential").filter(email_index=index)
    rejects = ImportReject.objects.select_related("job").filter(email_index=index)
    return {
        "address": request.email,
        "facts": [_fact(fact) for fact in facts_of(lead)] if lead else [],
        "labels": [str(label) for label in lead.labels.all()] if lead else [],
        "messages": _messages(lead) if lead else [],
        "drafts": _drafts(lead) if lead else [],
        "history": [_touch(touch) for touch in history_of(lead)] if lead else [],
        "asked_of_models": _model_calls(lead) if lead else [],
        "asked_of_others": _answers(lead) if lead else [],
        "listed": [
            {"in": row.opt_in.file_name or row.opt_in.source.label, "fields": row.fields, "at": _at(row.at)}
            for row in listings
        ],
        "suppressions": [{"reason": row.get_reason_display(), "at": _at(row.at)} for row in by_index],
        "rejected_rows": [
            {"file": row.job.file_name, "row": row.number, "cells": row.cells, "reason": row.reason}
            for row in rejects
        ],
    }


def _fact(fact: Any) -> dict[str, str]:
    return {"fact": fact.label, "value": fact.value, "from": fact.origin, "at": _at(fact.at)}


def _touch(touch: Any) -> dict[str, str]:
    return {"at": _at(touch.at), "what": touch.title, "more": touch.text}


def _answers(lead: Lead) -> list[dict[str, Any]]:
    return [
        {
            "at": _at(answer.at),
            "of": answer.get_provider_display(),
            "sent": answer.asked,
            "came_back": answer.fields,
            "applied": _at(answer.applied_at) if answer.applied_at else None,
        }
        for answer in lead.enrichments.order_by("at")
    ]


def _model_calls(lead: Lead) -> list[dict[str, Any]]:
    """What language models were told and said; after 90 days the texts are gone."""
    return [
        {
            "at": _at(run.at),
            "stage": run.get_stage_display(),
            "of": f"{run.provider} {run.model}",
            "prompt": run.prompt,
            "response": run.response,
        }
        for enrollment in lead.enrollments.all()
        for run in enrollment.stage_runs.order_by("at")
    ]


def _messages(lead: Lead) -> list[dict[str, str]]:
    return [
        {
            "at": _at(message.at),
            "direction": message.get_direction_display(),
            "delivery": message.get_delivery_display(),
            "subject": message.subject,
            "body": message.body,
        }
        for thread in lead.threads.all()
        for message in thread.messages.order_by("at")
    ]


def _drafts(lead: Lead) -> list[dict[str, str]]:
    return [
        {
            "at": _at(draft.created_at),
            "campaign": enrollment.campaign.name,
            "verdict": draft.get_verdict_display(),
            "subject": draft.subject,
            "body": draft.body,
        }
        for enrollment in lead.enrollments.select_related("campaign")
        for draft in enrollment.drafts.order_by("created_at")
    ]


def _at(when: datetime) -> str:
    return when.isoformat(timespec="seconds")

"""Pages of the console that are no table of Django's: a form, a link that is shown once, an answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin


def form_page(
    admin: ModelAdmin, request: HttpRequest, form: forms.Form, *, title: str, submit: str, lead: str = ""
) -> HttpResponse:
    context = {**around(admin, request), "title": title, "form": form, "submit": submit, "lead": lead}
    return TemplateResponse(request, "operators/form.html", context)


def link_page(admin: ModelAdmin, request: HttpRequest, *, title: str, link: str, words: str) -> HttpResponse:
    """A secret link, shown once: nothing keeps it but its hash."""
    context = {**around(admin, request), "title": title, "link": link, "words": words}
    answer = TemplateResponse(request, "operators/link.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def around(admin: ModelAdmin, request: HttpRequest) -> dict[str, Any]:
    return {**admin.admin_site.each_context(request), "opts": admin.model._meta}


def answered(request: HttpRequest, url: str, words: str, level: int = messages.SUCCESS) -> HttpResponse:
    messages.add_message(request, level, words)
    return HttpResponseRedirect(url)

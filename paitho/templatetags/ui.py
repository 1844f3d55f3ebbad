"""Tags of the interface: icons, states, times, page numbers, charts. Everything else is an include."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.core.paginator import Page
from django.template.context import RequestContext
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from paitho import charts, tones

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "", big: bool = False) -> SafeString:
    """An icon of the sprite. Without a label it is decoration and hidden from screen readers."""
    sprite = static("build/icons.svg")
    kind = "icon big" if big else "icon"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"/></svg>', kind, label, sprite, name
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>', kind, sprite, name)


@register.simple_tag
def state(value: Any, label: str = "") -> SafeString:
    """A state as a badge. A choice brings its own label; a bare value is read as words."""
    words = label or str(getattr(value, "label", "") or str(value).replace("_", " ").capitalize())
    return format_html('<span class="state {}">{}</span>', tones.tone(value), words)


@register.filter
def tone(value: object) -> str:
    return tones.tone(value)


@register.filter
def initials(name: str) -> str:
    """Up to two letters that stand for a person."""
    words = name.split("@")[0].replace(".", " ").split()
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper() or "?"


@register.simple_tag
def moment(when: datetime | None) -> SafeString:
    """A point in time, as short as it is still clear; the full one is in the title."""
    if when is None:
        return format_html('<span class="faint">{}</span>', "never")
    local, now = timezone.localtime(when), timezone.localtime()
    if local.date() == now.date():
        short = f"{local:%H:%M}"
    elif local.year == now.year:
        short = f"{local.day} {local:%b %H:%M}"
    else:
        short = f"{local.day} {local:%b %Y}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        local.isoformat(timespec="seconds"),
        f"{local:%A, %d %B %Y, %H:%M %Z}",
        short,
    )


@register.simple_tag
def clock(when: datetime, verb: str) -> SafeString:
    """How long something is still kept: `anonymised in 41 days`. It warns in the last week."""
    left = when - timezone.now()
    words = f"{verb} in {span(left)}" if left > timedelta() else f"{verb} {span(-left)} ago"
    return format_html(
        '<span class="chip{}">{}<time datetime="{}" title="{}">{}</time></span>',
        " due" if timedelta() < left < timedelta(days=7) else "",
        icon("clock"),
        when.isoformat(timespec="seconds"),
        f"{timezone.localtime(when):%d %B %Y, %H:%M %Z}",
        words,
    )


def span(length: timedelta) -> str:
    """A length in its largest sensible unit: `41 days`, `1 hour`, `5 minutes`."""
    seconds = max(int(length.total_seconds()), 0)
    for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            count = round(seconds / size)
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "a moment"


@register.inclusion_tag("ui/pages.html")
def pages(page: Page[Any]) -> dict[str, Any]:
    """Page links that keep the other parameters of the address."""
    return {
        "page": page,
        "numbers": page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1),
    }


@register.inclusion_tag("ui/sort.html", takes_context=True)
def sort(context: RequestContext, key: str, label: str) -> dict[str, Any]:
    """A column heading that sorts by `key`, then by `-key`, through the address."""
    now = context.request.GET.get("sort", "")
    return {
        "label": label,
        "next": f"-{key}" if now == key else key,
        "direction": {key: "ascending", f"-{key}": "descending"}.get(now, ""),
    }


@register.inclusion_tag("ui/sparkline.html")
def sparkline(values: Sequence[float], title: str, unit: str = "") -> dict[str, Any]:
    return {"chart": charts.sparkline(values, unit), "title": title}


@register.inclusion_tag("ui/bars.html")
def bars(rows: Sequence[tuple[str, float] | tuple[str, float, str]], title: str) -> dict[str, Any]:
    return {"rows": charts.bars(rows), "title": title}


@register.inclusion_tag("ui/funnel.html")
def funnel(stages: Sequence[tuple[str, int]], title: str) -> dict[str, Any]:
    return {"stages": charts.funnel(stages), "title": title}


@register.inclusion_tag("ui/columns.html")
def columns(days: Sequence[tuple[str, float]], title: str) -> dict[str, Any]:
    return {"chart": charts.columns(days), "title": title}

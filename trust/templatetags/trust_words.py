"""Plain text of operators as paragraphs and lists; nothing in it is markup."""

from __future__ import annotations

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.filter
def paragraphs(text: str) -> SafeString:
    """An empty line parts paragraphs; lines that begin with `- ` are items of a list."""
    blocks = [block.strip() for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    return mark_safe("\n".join(_block(block) for block in blocks))  # noqa: S308  each block is escaped


def _block(block: str) -> SafeString:
    lines = block.split("\n")
    if all(line.startswith("- ") for line in lines):
        return format_html(
            "<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((line[2:],) for line in lines))
        )
    return format_html("<p>{}</p>", " ".join(lines))

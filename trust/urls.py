"""The public site, on the apex host."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from django.views.decorators.gzip import gzip_page

from trust.views import asking, pages, status

app_name = "trust"
# Compressed: pages that hold no secret and answer everybody alike, so that their size tells nothing.
urlpatterns: list[URLPattern | URLResolver] = [
    path("", gzip_page(pages.home), name="home"),
    path("trust", gzip_page(pages.trust), name="trust"),
    path("trust.json", gzip_page(pages.posture), name="posture"),
    path("manifesto", gzip_page(pages.manifesto), name="manifesto"),
    path("changelog", gzip_page(pages.changelog), name="changelog"),
    path("changelog.atom", gzip_page(status.changelog_atom), name="changelog_atom"),
    path("sub-processors", gzip_page(pages.sub_processors), name="sub_processors"),
    path("security", gzip_page(pages.security), name="security"),
    path(".well-known/security.txt", pages.security_txt, name="security_txt"),
    path("robots.txt", pages.robots_txt, name="robots_txt"),
    path("status", gzip_page(status.status), name="status"),
    path("status.json", gzip_page(status.status_json), name="status_json"),
    path("status.atom", gzip_page(status.status_atom), name="status_atom"),
    path("dpa", asking.dpa, name="dpa"),
    path("dpa/asked", asking.dpa_asked, name="dpa_asked"),
    path("subscribe", asking.subscribe, name="subscribe"),
    path("subscribe/sent", asking.subscribe_sent, name="subscribe_sent"),
    path("subscribe/confirm/<str:token>", asking.confirm, name="confirm"),
    path("unsubscribe/<str:signed>", asking.unsubscribe, name="unsubscribe"),
    path("find", asking.find, name="find"),
    path("find/sent", asking.find_sent, name="find_sent"),
    path("find/by-name", asking.find_by_name, name="find_by_name"),
]

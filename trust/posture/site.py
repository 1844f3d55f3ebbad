"""Asks the live site for a page, over HTTP as a visitor would."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from urllib.parse import urlsplit

TIMEOUT = 10


class SiteDown(Exception):
    """The site does not answer; `str()` says how."""


@dataclass(frozen=True, slots=True)
class Page:
    """An answer: headers by lower-case name, each with every value it came with."""

    url: str
    status: int
    headers: dict[str, list[str]]
    body: str

    def header(self, name: str) -> str:
        return ", ".join(self.headers.get(name.lower(), []))

    @property
    def cookies(self) -> list[str]:
        return self.headers.get("set-cookie", [])


class Site:
    """The public site and the workspaces' hosts; each page is asked once in a run."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self._asked: dict[str, Page] = {}

    def page(self, path: str, *, host: str = "") -> Page:
        """A page of the apex, or of the workspace that answers on `host`. Raises `SiteDown`."""
        key = f"{host}{path}"
        if key not in self._asked:
            self._asked[key] = self._fetch(path, host)
        return self._asked[key]

    def _fetch(self, path: str, host: str) -> Page:
        parts = urlsplit(self.origin)
        secure = parts.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        # `*.localhost` is loopback by definition (RFC 6761, 6.3); not every resolver knows it.
        name = "localhost" if host.endswith(".localhost") else host or parts.hostname or ""
        line = kind(name, parts.port, timeout=TIMEOUT)
        port = f":{parts.port}" if parts.port else ""
        try:
            line.request("GET", path, headers={"Host": f"{host or parts.hostname}{port}"})
            answer = line.getresponse()
            headers: dict[str, list[str]] = {}
            for header, value in answer.getheaders():
                headers.setdefault(header.lower(), []).append(value)
            body = answer.read(2_000_000).decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as error:
            raise SiteDown(f"{self.origin} does not answer ({type(error).__name__}).") from error
        finally:
            line.close()
        return Page(f"{parts.scheme}://{host or parts.hostname}{port}{path}", answer.status, headers, body)

"""A browser on the console without a screen: it keeps the cookie and fills in forms."""

from __future__ import annotations

import base64
import re
import time
from dataclasses import dataclass
from html import unescape
from urllib.parse import urljoin

import requests

from operators import totp

PASSWORD = "eleven violet umbrellas"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Console:
    """`get` and `post` by path."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.session = requests.Session()

    def another(self) -> Console:
        return Console(self.origin)

    def get(self, path: str, *, follow: bool = True, **options: object) -> requests.Response:
        return self._send("GET", path, follow, **options)

    def post(
        self,
        path: str,
        data: dict[str, object] | None = None,
        *,
        form: str | None = None,
        follow: bool = True,
    ) -> requests.Response:
        """Send a form: first its page is read, at `form` or at the path itself, for its token."""
        found = TOKEN.search(self.get(form or path).text)
        data = {"csrfmiddlewaretoken": found.group(1) if found else "", **(data or {})}
        return self._send("POST", path, follow, data=data, headers={"Origin": self.origin})

    def _send(self, method: str, path: str, follow: bool, **options: object) -> requests.Response:
        answer = self._once(method, self.origin + path, **options)
        while follow and answer.is_redirect:
            answer = self._once("GET", urljoin(answer.url, answer.headers["Location"]))
        return answer

    def _once(self, method: str, url: str, **options: object) -> requests.Response:
        """As browsers do on localhost, which they trust without TLS: send it a Secure cookie all the same."""
        for cookie in self.session.cookies:
            cookie.secure = False
        return self.session.request(method, url, timeout=60, allow_redirects=False, **options)


@dataclass(slots=True)
class Operator:
    """An operator as the tests hold them: browser, address and the secret in their authenticator app."""

    console: Console
    email: str
    secret: bytes
    used: int = 0

    def code(self) -> str:
        """A code that was not used before: of the next step, when this one's was."""
        self.used = max(int(time.time()) // totp.STEP, self.used + 1)
        return totp.code_at(self.secret, self.used)


def link_for(email: str, name: str = "") -> str:
    from operators.management.commands.create_operator import make

    return "/" + make(email, name).split("/", 3)[3]


def join(console: Console, email: str, name: str = "") -> Operator:
    """Set up an operator's sign-in by their link, as they would."""
    path = link_for(email, name)
    page = console.get(path).text
    found = re.search(r">\s*([A-Z2-7]{32})\s*<", unescape(page))
    assert found, page
    operator = Operator(console, email, base64.b32decode(found.group(1)))
    answer = console.post(path, {"password": PASSWORD, "code": operator.code()})
    assert answer.url == console.origin + "/", answer.text
    return operator

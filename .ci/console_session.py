"""Prints the Cookie header of a fresh operator on the console of a running `make up`, for tools that look.

The operator is made with the owner's login, sets up password and authenticator app by the link, and is
signed in by that.
"""

from __future__ import annotations

import base64
import re
import secrets
import subprocess
import sys
import time
from html import unescape
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from operators import totp  # noqa: E402

MAKE = [
    sys.executable,
    "-m",
    "paitho.embedded",
    "run",
    "manage",
    sys.executable,
    "manage.py",
    "create_operator",
]


def ask(
    link: str, method: str, cookie: str = "", form: dict[str, str] | None = None
) -> tuple[HTTPResponse, str]:
    parts = urlsplit(link)
    headers = {"Cookie": cookie, "Origin": f"{parts.scheme}://{parts.netloc}"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    line = HTTPConnection(parts.netloc, timeout=60)
    line.request(method, parts.path, urlencode(form) if form is not None else None, headers)
    answer = line.getresponse()
    return answer, answer.read().decode()


def cookie_of(answer: HTTPResponse) -> str:
    found = answer.headers.get_all("Set-Cookie") or []
    return found[-1].partition(";")[0] if found else ""


def session() -> str:
    """The Cookie header of an operator who was just made."""
    email = f"scan-{secrets.token_hex(4)}@paitho.sandbox"
    link = subprocess.run([*MAKE, email], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    answer, page = ask(link, "GET")
    cookie = cookie_of(answer)
    token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', page)
    secret = re.search(r">\s*([A-Z2-7]{32})\s*<", unescape(page))
    if not token or not secret:
        raise SystemExit("The set-up page is not as expected.")
    code = totp.code_at(base64.b32decode(secret.group(1)), int(time.time()) // totp.STEP)
    password = secrets.token_urlsafe(24)
    form = {"csrfmiddlewaretoken": token.group(1), "password": password, "code": code}
    answer, _ = ask(link, "POST", cookie, form)
    if answer.status != 302:
        raise SystemExit("The console let nobody in.")
    return cookie_of(answer)


if __name__ == "__main__":
    print(session())

"""`make scan`: sqlmap and wapiti look for holes in the running product (`make up` in another terminal).

They are given the apex, the demo workspace as its owner, and the console as an operator. What they find
is printed; the exit status is 1 when there is anything. The tools come from PyPI, for this run only.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    ProxyHandler,
    Request,
    build_opener,
)

from loopback import planted, proxied

MODULES = "exec,file,sql,timesql,xss,permanentxss,ssrf,redirect,crlf,xxe,csrf,cookieflags,http_headers,csp"
OWNER = "olga@acme.sandbox"
# Forms and addresses with parameters, each asked by sqlmap with every value it knows.
APEX_TARGETS = [
    ("/changelog?kind=product", ""),
    ("/find/by-name?slug=acme", ""),
    ("/sign-up/address?slug=acme", ""),
    ("/subscribe", "email=ada%40example.org&changes=on"),
    ("/find", "email=ada%40example.org"),
    ("/dpa", "name=Ada&company=Acme&email=ada%40example.org&region=EU"),
    ("/subscribe/confirm/abc*", ""),
]
WORKSPACE_TARGETS = [
    ("/leads/?q=marsh&standing=open&sort=created_at&page=1", ""),
    ("/campaigns/?page=1", ""),
    ("/inbox/?q=hello&page=1", ""),
    ("/audit/?event=auth.signed_in&page=1", ""),
]
CONSOLE_TARGETS = [
    ("/tenants/workspace/?q=acme&state=active", ""),
    ("/operators/operation/?q=acme&event=operator.signed_in", ""),
]
# What a crawler that sends every form would end or change: its own session, and the demo workspace.
LEFT_ALONE = ["/sign-out/", "/me/*", "/logout/", "/tenants/workspace/*/do/*", "/operators/operator/*/remove/"]


class Stay(HTTPRedirectHandler):
    """Follows no redirect: without its Secure cookie the next page would begin another session."""

    def redirect_request(self, *_: object) -> None:
        return None


def signed_in(origin: str, password: str, proxy: str) -> str:
    """The Cookie header of the demo's owner, by the sign-in page as a browser uses it."""
    jar = CookieJar()
    through = ProxyHandler({"http": proxy})
    opener = build_opener(HTTPCookieProcessor(jar), through)
    # http.cookiejar sends no Secure cookie over http; a browser does to localhost.
    page = opener.open(f"{origin}/sign-in/").read().decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if found is None:
        raise SystemExit("The sign-in page holds no token.")
    cookie = "; ".join(f"{each.name}={each.value}" for each in jar)
    given = {"csrfmiddlewaretoken": found.group(1), "login": OWNER, "password": password}
    request = Request(f"{origin}/sign-in/", urlencode(given).encode(), {"Cookie": cookie, "Referer": origin})  # noqa: S310
    try:
        build_opener(HTTPCookieProcessor(jar), through, Stay).open(request)
    except HTTPError as error:
        if error.code != 302:
            raise SystemExit(f"The sign-in was answered by {error.code}.") from error
    return "; ".join(f"{each.name}={each.value}" for each in jar)


def operator() -> str:
    """The Cookie header of an operator of the console, made for this run."""
    made = subprocess.run(
        [".venv/bin/python", ".ci/console_session.py"], capture_output=True, text=True, check=True
    )
    return made.stdout.strip()


def sqlmap(url: str, data: str, cookie: str, folder: Path, proxy: str) -> list[str]:
    """What sqlmap finds behind one address; that it came to no verdict is a finding too."""
    command = ["sqlmap", "-u", url, "--batch", "--level=2", "--risk=1", "--timeout=20", "--disable-coloring"]
    command += ["--threads=2", "--technique=BEUS", "--flush-session", "--ignore-code=*"]
    # Not the cookie: what is in it is hashed before anything is looked up by it (tests/accounts/).
    command += ["--output-dir", str(folder), "--proxy", proxy, "--param-filter=GET,POST,URI"]
    command += ["--data", data] if data else []
    command += ["--cookie", cookie] if cookie else []
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    refused = re.search(r"429 \([^)]*\) - (\d+) times", done.stdout)
    if refused:
        print(f"    {refused.group(1)} attempts were refused as too many")
    found = re.findall(r"Parameter: (.+)\n\s+Type: (.+)", done.stdout)
    if not found and "not appear to be injectable" not in done.stdout:
        last = (done.stdout + done.stderr).strip().splitlines()[-3:]
        return [f"{url}: sqlmap came to no verdict: {last}"]
    return [f"{url}: {parameter}, {kind}" for parameter, kind in found]


def wapiti(
    origin: str, cookie: str, folder: Path, seconds: int, proxy: str, modules: str = MODULES
) -> list[str]:
    """What wapiti finds on a host, crawling for at most so long."""
    report = folder / "wapiti.json"
    report.unlink(missing_ok=True)
    command = ["wapiti", "-u", f"{origin}/", "--scope", "folder", "-m", modules, "-f", "json"]
    command += ["-o", str(report), "--flush-session", "-p", proxy, "-d", "3", "--max-links-per-page", "40"]
    command += ["--max-scan-time", str(seconds), "--max-attack-time", "60", "-v", "0", "--no-bugreport"]
    command += ["-H", f"Cookie: {cookie}"] if cookie else []
    for path in LEFT_ALONE:
        command += ["-x", f"{origin}{path}"]
    subprocess.run(command, capture_output=True, text=True, timeout=seconds + 1200, check=False)
    if not report.exists():
        return [f"{origin}: wapiti wrote no report"]
    told = json.loads(report.read_text())
    print(f"    {told['infos'].get('crawled_pages_nbr', '?')} pages crawled")
    return [
        f"{origin}{each['path']}: {kind}: {each['info']}"
        for group in ("vulnerabilities", "anomalies")
        for kind, listed in told[group].items()
        for each in listed
    ]


def on_purpose(line: str, *, has_session: bool) -> str:
    """Why something that wapiti tells is as it should be; nothing if it is not."""
    if "Strict-Transport-Security" in line or ("secure" in line.lower() and "http://" in line):
        return "this installation is asked over http on loopback; over https the header is there"
    if not has_session and "Lack of anti CSRF token" in line:
        return "the site has no cookie that a foreign form could use, and refuses what another origin sends"
    return ""


def sifted(lines: list[str], *, has_session: bool) -> list[str]:
    """The findings that are none on purpose; the others are said, each with its reason."""
    found = []
    for line in lines:
        if reason := on_purpose(line, has_session=has_session):
            print(f"    on purpose: {line} ({reason})")
        else:
            found.append(line)
    return found


@dataclass(frozen=True, slots=True)
class Host:
    """A host to be looked at; `sign_in` gives the Cookie header, or nothing."""

    name: str
    origin: str
    targets: list[tuple[str, str]]
    sign_in: Callable[[], str]

    def scan(self, tools: list[str], folder: Path, seconds: int, proxy: str) -> list[str]:
        print(f"{self.name}: {self.origin}", flush=True)
        session = self.sign_in()
        found: list[str] = []
        for path, data in self.targets if "sqlmap" in tools else []:
            print(f"  sqlmap {path}", flush=True)
            found += sqlmap(self.origin + path, data, session, folder, proxy)
        if "wapiti" in tools:
            print("  wapiti", flush=True)
            told = wapiti(self.origin, session, folder, seconds, proxy)
            found += sifted(told, has_session=bool(session))
        return found


def blind(tools: list[str], folder: Path, proxy: str) -> list[str]:
    """The tools that do not see a hole planted for them: what such a tool says of us is worth nothing."""
    origin = planted()
    seen = {
        "sqlmap": lambda: sqlmap(f"{origin}/?id=1", "", "", folder, proxy),
        "wapiti": lambda: wapiti(origin, "", folder, 30, proxy, "sql,xss"),
    }
    return [f"{tool} does not see a planted hole" for tool in tools if not seen[tool]()]


def hosts(options: argparse.Namespace, proxy: str) -> list[Host]:
    acme = f"http://acme.localhost:{options.port}"
    password = options.password_file

    def owner() -> str:
        return signed_in(acme, password.read_text().strip(), proxy)

    every = [
        Host("apex", f"http://localhost:{options.port}", APEX_TARGETS, str),
        Host("workspace", acme, WORKSPACE_TARGETS, owner),
        Host("console", f"http://localhost:{options.ops_port}", CONSOLE_TARGETS, operator),
    ]
    return [host for host in every if options.only in {None, host.name}]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--ops-port", type=int, default=8001)
    parser.add_argument("--password-file", type=Path, default=Path(".paitho/demo-password"))
    parser.add_argument("--seconds", type=int, default=240, help="for each crawl")
    parser.add_argument("--only", choices=["apex", "workspace", "console"])
    parser.add_argument("--tool", choices=["sqlmap", "wapiti"])
    return parser.parse_args()


def main() -> int:
    options = arguments()
    proxy = proxied()
    tools = [options.tool] if options.tool else ["sqlmap", "wapiti"]
    found: list[str] = []
    with tempfile.TemporaryDirectory() as kept:
        found += blind(tools, Path(kept), proxy)
        for host in hosts(options, proxy):
            found += host.scan(tools, Path(kept), options.seconds, proxy)
    print("\n".join(["", *found, f"{len(found)} findings"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

"""A local HTTP server that speaks the documented wire formats of the enrichment providers.

What it knows: Jane (everything), Pat (a part), nobody else. What it answers instead follows from the key
(BAD, EMPTY, BUSY) or from `fault`, which is one of FAULTS. It keeps what it was asked in `seen`.
"""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

GOOD, BAD, EMPTY, BUSY = "app:good", "app:bad", "app:empty", "app:busy"
JANE, PAT = "jane@acme.example", "pat@acme.example"
FAULTS = ("error", "malformed", "list", "huge", "slow", "drip", "cut", "redirect", "noise")

Reply = tuple[int, dict[str, Any] | None]


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class EnrichmentServer:
    url: str = ""
    fault: str = ""
    seen: list[Seen] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    listener: ThreadingHTTPServer | None = None
    closing: threading.Event = field(default_factory=threading.Event)


@contextmanager
def running() -> Iterator[EnrichmentServer]:
    state = EnrichmentServer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    state.listener = server
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    state: EnrichmentServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Seen(self.command, parts.path, query, headers, body)
        self.state.seen.append(asked)
        if self.state.fault and not parts.path.endswith("/token"):
            self._fail(self.state.fault)
        else:
            status, answer = ROUTES[parts.path](asked)
            self._send(status, b"" if answer is None else json.dumps(answer).encode())

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**self.state.headers, **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _fail(self, fault: str) -> None:
        match fault:
            case "error":
                self._send(500, b"<html>Oops</html>")
            case "malformed":
                self._send(200, b'{"person": ')
            case "list":
                self._send(200, b'[{"person": {}}]')
            case "redirect":
                self._send(302, b"", location=f"{self.state.url}/elsewhere")
            case "noise":
                self.wfile.write(b"220 mail.example ESMTP\r\n")
            case _:
                self._trickle(fault)

    def _trickle(self, fault: str) -> None:
        self.send_response(200)
        self.send_header("content-length", str(64_000_000))
        self.end_headers()
        try:
            while fault != "cut" and not self.state.closing.is_set():
                if fault != "slow":
                    self.wfile.write(b" " * (65536 if fault == "huge" else 1))
                if fault != "huge":
                    time.sleep(0.02)
        except OSError:
            pass
        self.close_connection = True


def _apollo(asked: Seen) -> Reply:
    key = asked.headers.get("x-api-key")
    if key == EMPTY:
        return 422, {"error": "You have insufficient credits. Please upgrade your plan."}
    if key == BUSY:
        return 429, {"message": "The maximum number of api calls allowed is 50 times per minute."}
    if key != GOOD:
        return 401, {"error": "Invalid access credentials."}
    body = asked.json
    assert asked.method == "POST"
    assert body["reveal_personal_emails"] is False
    if body.get("email") == JANE or (body.get("first_name"), body.get("last_name")) == ("Jane", "Doe"):
        return 200, {"person": _APOLLO_JANE, "credits_consumed": 1}
    if body.get("email") == PAT:
        return 200, {"person": {"first_name": "Pat", "email": "email_not_unlocked@domain.com"}}
    return 200, {"person": None}


_APOLLO_JANE = {
    "id": "64a7ff0cc4dfae00013df1a5",
    "first_name": "Jane",
    "last_name": "Doe",
    "name": "Jane Doe",
    "linkedin_url": "http://www.linkedin.com/in/janedoe",
    "title": "Head\u0000 of \u202eSales",
    "email_status": "verified",
    "email": "Jane@Acme.example",
    "city": "Berlin",
    "state": None,
    "country": "Germany",
    "organization": {"name": "Acme", "website_url": "http://www.acme.example", "phone": "+49 30 1234567"},
    "contact": {"phone_numbers": [{"raw_number": "+49 30 1234567", "sanitized_number": "+49301234567"}]},
    "employment_history": [{"title": "Intern", "current": False}],
}


def _rocketreach(asked: Seen) -> Reply:
    key = asked.headers.get("api-key")
    if key == EMPTY:
        return 403, {"detail": "You have no lookup credits remaining.", "error_code": "insufficient_credits"}
    if key == BUSY:
        return 429, {"detail": "Request was throttled. Expected available in 7 seconds.", "wait": 7}
    if key != GOOD:
        return 401, {"detail": "Invalid API key", "error_code": "authentication_failed"}
    assert asked.method == "GET"
    if asked.query.get("email") == JANE or asked.query.get("name") == "Jane Doe":
        return 200, _ROCKETREACH_JANE
    if asked.query.get("email") == PAT:
        return 200, {"id": 7, "status": "searching", "name": "Pat Roe"}
    return 404, {"detail": "Not found."}


_ROCKETREACH_JANE = {
    "id": 5244,
    "status": "complete",
    "name": "Jane Doe",
    "current_title": "Head of Sales",
    "current_employer": "Acme",
    "linkedin_url": "https://www.linkedin.com/in/janedoe",
    "city": "Berlin",
    "region": "Berlin",
    "country_code": "DE",
    "recommended_email": "jane.private@home.example",
    "emails": [
        {"email": "jane.private@home.example", "type": "personal", "grade": "A", "smtp_valid": "valid"},
        {"email": "old@acme.example", "type": "professional", "grade": "F", "smtp_valid": "invalid"},
        {"email": JANE, "type": "professional", "grade": "A", "smtp_valid": "valid"},
    ],
    "phones": [{"number": "+49 30 1234567", "type": "professional", "recommended": True}],
}


def _zoominfo_token(asked: Seen) -> Reply:
    scheme, _, value = asked.headers["authorization"].partition(" ")
    assert (scheme, asked.body) == ("Basic", b"grant_type=client_credentials")
    key = base64.b64decode(value).decode()
    if key == BAD:
        return 401, {"error": "invalid_client"}
    return 200, {
        "access_token": f"token-of-{key.partition(':')[2]}",
        "expires_in": 1000,
        "token_type": "Bearer",
    }


def _zoominfo(asked: Seen) -> Reply:
    token = asked.headers["authorization"].removeprefix("Bearer token-of-")
    if token == "empty":
        return 403, _jsonapi_error(403, "Usage limit exceeded: no credits remaining for this account.")
    if token == "busy":
        return 429, _jsonapi_error(429, "Too Many Requests")
    if token != "good":
        return 401, _jsonapi_error(401, "Unauthorized")
    assert asked.headers["content-type"] == "application/vnd.api+json"
    question = asked.json["data"]
    assert question["type"] == "ContactEnrich"
    assert question["attributes"]["outputFields"]
    person = question["attributes"]["matchPersonInput"][0]
    meta = {"input": person}
    if person.get("emailAddress") == JANE or person.get("firstName") == "Jane":
        return 200, {"data": [{**_ZOOMINFO_JANE, "meta": {**meta, "matchStatus": "FULL_MATCH"}}]}
    if person.get("emailAddress") == PAT:
        found = {"type": "Contact", "id": "9", "attributes": {"firstName": "Pat"}}
        return 200, {"data": [{**found, "meta": {**meta, "matchStatus": "CONTACT_ONLY_MATCH"}}]}
    return 200, {"data": [{"id": "0", "type": "NoMatch", "meta": {**meta, "matchStatus": "NO_MATCH"}}]}


def _jsonapi_error(status: int, detail: str) -> dict[str, Any]:
    return {"errors": [{"status": str(status), "title": "Error", "detail": detail}]}


_ZOOMINFO_JANE = {
    "type": "Contact",
    "id": "344589814",
    "attributes": {
        "firstName": "Jane",
        "lastName": "Doe",
        "email": JANE,
        "phone": "+49 30 1234567",
        "jobTitle": "Head of Sales",
        "city": "Berlin",
        "country": "Germany",
        "externalUrls": [{"url": "https://x.com/jane"}, {"url": "https://www.linkedin.com/in/janedoe"}],
        "company": {"id": 346572700, "name": "Acme", "website": "www.acme.example"},
    },
}


def _indiamart(asked: Seen) -> Reply:
    failure = {"STATUS": "FAILURE", "TOTAL_RECORDS": 0, "RESPONSE": []}
    key = asked.query.get("glusr_crm_key")
    if key == BUSY:
        return 200, {
            **failure,
            "CODE": 429,
            "MESSAGE": "It is advised to hit this API once in every 5 minutes",
        }
    if key == EMPTY:
        return 200, {**failure, "CODE": 204, "MESSAGE": "There are no leads in the given time duration."}
    if key != GOOD:
        return 200, {**failure, "CODE": 401, "MESSAGE": "Pull API Key that you are using is incorrect."}
    people = [
        _INDIAMART_JANE,
        {**_INDIAMART_JANE, "SENDER_EMAIL": "", "SENDER_MOBILE": "+91-9876543210"},
        "noise",
    ]
    return 200, {
        "CODE": 200, "STATUS": "SUCCESS", "MESSAGE": "", "TOTAL_RECORDS": len(people), "RESPONSE": people
    }  # fmt: skip


_INDIAMART_JANE = {
    "UNIQUE_QUERY_ID": "2243859917",
    "QUERY_TYPE": "W",
    "QUERY_TIME": "2026-09-17 09:34:45",
    "SENDER_NAME": "Jane Doe",
    "SENDER_MOBILE": "+91-8384869226",
    "SENDER_EMAIL": JANE,
    "SENDER_COMPANY": "Acme",
    "SENDER_ADDRESS": "Dehradun, Uttarakhand",
    "SENDER_CITY": "Dehradun",
    "SENDER_STATE": "Uttarakhand",
    "SENDER_PINCODE": "248001",
    "SENDER_COUNTRY_ISO": "IN",
    "QUERY_MESSAGE": "I want to buy a sensor.",
}


def _directory(asked: Seen) -> Reply:
    key = asked.headers.get("authorization")
    if key == f"Bearer {EMPTY}":
        return 402, {"error": "Pay first."}
    if key == f"Bearer {BUSY}":
        return 429, {}
    if key != f"Bearer {GOOD}":
        return 403, {}
    if asked.json["email"] != JANE:
        return 404, {}
    person = {
        "E-Mail": JANE,
        "Vorname": "Jane",
        "Job title": "Head of Sales",
        "Telefon": "+49 30 1",
        "x": [1],
    }
    return 200, {"person": {**person, "Telefon": "+49 30 1234567", "website": "javascript:alert(1)"}}


ROUTES = {
    "/api/v1/people/match": _apollo,
    "/api/v2/person/lookup": _rocketreach,
    "/gtm/oauth/v1/token": _zoominfo_token,
    "/gtm/data/v1/contacts/enrich": _zoominfo,
    "/wservce/crm/crmListing/v2/": _indiamart,
    "/directory": _directory,
}

"""An authorisation server on loopback: it checks PKCE, the client, and that a code is used once."""

import base64
import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from keychain.crypto.secret import Secret
from mailbox.oauth import App, Vendor


def unsigned(claims: dict) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"e30.{body}.x"


@dataclass
class OAuthServer:
    """`answer` replaces what the token endpoint says: (status, body)."""

    port: int = 0
    codes: dict[str, str] = field(default_factory=dict)
    revoked: list[str] = field(default_factory=list)
    consents: set[str] = field(default_factory=set)
    answer: tuple[int, bytes] | None = None

    @property
    def app(self) -> App:
        base = f"http://127.0.0.1:{self.port}"
        vendor = Vendor("Testers", f"{base}/authorize", f"{base}/token", f"{base}/revoke", ("mail", "email"))
        return App(vendor, "client-1", Secret("client secret"), "https://acme.example/back")

    def agree(self, url: str, user: str) -> tuple[str, str]:
        """What the person's browser brings back: code and state."""
        query = {
            name: value for name, [value] in urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).items()
        }
        assert query["code_challenge_method"] == "S256"
        assert query["redirect_uri"] == self.app.redirect_uri
        self.codes[f"code-of-{user}"] = query["code_challenge"]
        return f"code-of-{user}", query["state"]

    def token(self, form: dict[str, str]) -> tuple[int, dict]:
        if (form["client_id"], form["client_secret"]) != ("client-1", "client secret"):
            return 401, {"error": "invalid_client"}
        if form["grant_type"] == "refresh_token":
            user = form["refresh_token"].removeprefix("refresh-of-")
            if user not in self.consents:
                return 400, {"error": "invalid_grant", "error_description": "Token has been\r\nrevoked."}
            return 200, {"access_token": f"token-of-{user}", "expires_in": "3599"}
        proof = hashlib.sha256(form["code_verifier"].encode()).digest()
        if self.codes.pop(form["code"], None) != base64.urlsafe_b64encode(proof).rstrip(b"=").decode():
            return 400, {"error": "invalid_grant", "error_description": "Bad code or verifier"}
        user = form["code"].removeprefix("code-of-")
        self.consents.add(user)
        granted = {
            "access_token": f"token-of-{user}",
            "refresh_token": f"refresh-of-{user}",
            "expires_in": 3599,
        }
        email = user if "@" in user else f"{user}@acme.example"
        return 200, {**granted, "id_token": unsigned({"email": email})}

    def handle(self, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        if path == "/revoke":
            self.revoked.append(form["token"])
            self.consents.discard(form["token"].removeprefix("refresh-of-"))
            return 200, b""
        if self.answer is not None:
            return self.answer
        status, content = self.token(form)
        return status, json.dumps(content).encode()


@contextmanager
def oauth_server() -> Iterator[OAuthServer]:
    state = OAuthServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: value for name, [value] in urllib.parse.parse_qs(raw).items()}
            status, body = state.handle(self.path, form)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, code: object = "-", size: object = "-") -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()

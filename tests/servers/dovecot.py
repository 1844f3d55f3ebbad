"""Dovecot on loopback with a configuration of its own: the reference IMAP server.

Any user signs in with one password, `secret` unless it is said otherwise; with OAuth, the access
token is `token-of-` and the user name.
Mail lies in Maildirs, so that tests can put thousands of messages there at once.
"""

import getpass
import json
import os
import pwd
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from keychain.crypto.secret import Secret
from mailbox.account import Account, Patience, Security
from tests.servers.ports import free_port, wait_for
from tests.servers.tls import Certificate, make_certificate

CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
ssl_cert = <{certificate.chain}
ssl_key = <{certificate.key}
ssl = yes
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login xoauth2 oauthbearer
default_internal_user = {internal_user}
default_login_user = {login_user}
default_internal_group = {internal_group}
first_valid_uid = 1
mail_location = maildir:{root}/mail/%u
mail_max_userip_connections = 20
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail_user} gid={mail_group} home={root}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox "Sent Things" {{
    auto = create
    special_use = \\Sent
  }}
  mailbox "Unerwünschtes" {{
    auto = create
    special_use = \\Junk
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    root: Path
    port: int
    tls_port: int
    certificate: Certificate
    owner: tuple[int, int]

    def account(self, user: str, **changes) -> Account:
        settings = {
            "host": "localhost",
            "port": self.port,
            "security": Security.PLAIN,
            "username": user,
            "secret": Secret("secret"),
            "allow_private": True,
            "patience": Patience(connect=30, answer=60),
        }
        return Account(**{**settings, **changes})

    def deliver(self, user: str, messages: list[bytes], folder: str = "") -> None:
        """Put messages into a Maildir folder (`.Name` below the inbox) in this order."""
        home = self.root / "mail" / user
        target = home / folder / "new"
        for part in ("new", "cur", "tmp"):
            (home / folder / part).mkdir(parents=True, exist_ok=True)
        stamp = time.time_ns() // 1000
        for number, message in enumerate(messages):
            seconds, micros = divmod(stamp, 1_000_000)  # P: two deliveries within a second are two mails
            (target / f"{seconds}.M{number:06}P{micros}.test").write_bytes(message)
        if os.geteuid() == 0:
            for directory in (home.parent, home, home / folder, *(home / folder).iterdir()):
                shutil.chown(directory, *self.owner)

    def renumber(self, user: str) -> None:
        """Forget all UIDs: the folder gets another UIDVALIDITY."""
        for file in (self.root / "mail" / user).glob("dovecot*"):
            if file.is_file():
                file.unlink()


class TokenInfo(BaseHTTPRequestHandler):
    """The OAuth server's introspection: tells whose token it is."""

    def do_GET(self) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        token = query.get("access_token", [""])[0]
        is_known = token.startswith("token-of-")
        body = json.dumps({"username": token.removeprefix("token-of-")} if is_known else {"error": "invalid"})
        self.send_response(200 if is_known else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Quiet."""


@contextmanager
def token_server() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenInfo) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def identities() -> dict[str, object]:
    """Dovecot never runs mail processes as root, and keeps its login processes apart."""
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        names = dict.fromkeys(("internal_user", "login_user", "internal_group"), getpass.getuser())
        return {**names, "mail_user": me.pw_uid, "mail_group": me.pw_gid}
    nobody = pwd.getpwnam("nobody")
    users = {"internal_user": "dovecot", "login_user": "dovenull", "internal_group": "dovecot"}
    return {**users, "mail_user": nobody.pw_uid, "mail_group": nobody.pw_gid}


@contextmanager
def running_dovecot(password: str = "secret", *, settings: str = "") -> Iterator[Dovecot]:
    """`settings` are further lines of its configuration."""
    root = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))  # its sockets need a short path
    root.chmod(0o755)
    (root / "mail").mkdir(mode=0o777)
    (root / "mail").chmod(0o777)
    certificate = make_certificate(root)
    who = identities()
    server = Dovecot(root, free_port(), free_port(), certificate, (who["mail_user"], who["mail_group"]))
    with token_server() as token_port:
        (root / "oauth2.conf").write_text(
            f"tokeninfo_url = http://127.0.0.1:{token_port}/?access_token=\nusername_attribute = username\n"
        )
        ports = {"port": server.port, "tls_port": server.tls_port}
        configuration = CONFIG.format(root=root, certificate=certificate, password=password, **ports, **who)
        (root / "dovecot.conf").write_text(configuration + settings)
        process = subprocess.Popen(
            ["dovecot", "-F", "-c", str(root / "dovecot.conf")], stderr=subprocess.DEVNULL
        )
        try:
            wait_for(server.port)
            yield server
        finally:
            process.terminate()
            process.wait(10)
            shutil.rmtree(root, ignore_errors=True)

"""Runs both sides of the sandbox mail server on loopback until SIGTERM."""

import asyncio
import logging
import signal
from dataclasses import dataclass
from pathlib import Path

from .imap_side import SandboxConfig, connection_callback
from .post import Habits, Post
from .reception import Reception
from .store import Accounts, Mailboxes

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Options:
    """Where the server listens and keeps its files."""

    root: Path
    smtp_port: int
    imap_port: int
    habits: Habits


async def serve(options: Options) -> None:
    """Print `ready` once both ports answer; return after SIGTERM or SIGINT."""
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns about its own attributes
    options.root.mkdir(parents=True, exist_ok=True)
    accounts = Accounts(options.root / "accounts.json", options.habits.host)
    mailboxes = Mailboxes(options.root / "mail")
    post = Post(options.root, mailboxes, options.habits)
    config = SandboxConfig(LOOPBACK, options.imap_port)
    config.apply_context()

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    reception = Reception(accounts, post)
    smtp = await loop.create_server(
        lambda: reception.server(options.habits.host), LOOPBACK, options.smtp_port
    )
    imap = await asyncio.start_server(
        connection_callback(config, accounts, mailboxes), LOOPBACK, options.imap_port
    )
    post.resume()
    print(f"ready smtp={options.smtp_port} imap={options.imap_port} dir={options.root}", flush=True)
    await stop.wait()
    for server in (smtp, imap):
        server.close()
    post.close()

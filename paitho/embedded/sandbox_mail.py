"""The sandbox mail server of the embedded default: SMTP and IMAP on loopback, with prospects that answer.

    python paitho/embedded/sandbox_mail.py --dir DIR --smtp-port N --imap-port N
        [--domain sandbox.localhost] [--answer-after SECONDS] [--seed N]
    python paitho/embedded/sandbox_mail.py --dir DIR --add-account ADDRESS PASSWORD

It is run by its path, with a working directory outside the project: pymap and aiosmtpd import the standard
library's `mailbox`, which the project's package of that name would hide. No mail ever leaves the machine.

Accounts: any address at `*.sandbox` or at --domain signs in (SMTP AUTH PLAIN/LOGIN, IMAP LOGIN) with the
password `sandbox`; DIR/accounts.json says so and may be edited while the server runs. A mailbox exists from
the first sign-in on. An account sends as itself only.

What is kept under DIR:
    ledger.jsonl    one line per accepted recipient: message_id, x_paitho_id, from, to, at, thread, file
    delivered/      each accepted mail, as it came
    mail/           the mailboxes; a sent mail is also stored in the account's Sent folder
    outbox/<addr>/  transactional mail: from a `no-reply@` sender, without signing in; nobody answers it
    pending/        answers that are on their way

Any other address is a prospect. Its local part may begin with what it does: reply (asks something), yes, no,
html, bounce, full (a soft bounce), away, stop, refuse (550 at RCPT), defer (451 the first time), silent, if
no letter follows (`yes`, `yes-7@…`, `bounce.2@…`). All others are drawn from the address and --seed: 8 %
reply, 4 % bounce hard and 1 % soft, 2 % are out of office, 1 % ask to be removed, the rest stay silent. A
prospect answers the first mail of a thread only, --answer-after seconds later.
"""

import argparse
import asyncio
import importlib
import sys
from pathlib import Path


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--smtp-port", type=int, default=2525)
    parser.add_argument("--imap-port", type=int, default=2143)
    parser.add_argument("--domain", default="sandbox.localhost")
    parser.add_argument("--answer-after", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--add-account", nargs=2, metavar=("ADDRESS", "PASSWORD"))
    return parser.parse_args()


def main() -> None:
    """Find the parts beside this file, after everything that is installed."""
    here = str(Path(__file__).resolve().parent)
    sys.path[:] = [*(entry for entry in sys.path if entry != here), here]
    options = arguments()
    store = importlib.import_module("sandbox.store")
    if options.add_account:
        options.dir.mkdir(parents=True, exist_ok=True)
        accounts = store.Accounts(options.dir / "accounts.json", options.domain)
        store.add_account(accounts.path, *options.add_account)
        return
    server = importlib.import_module("sandbox.server")
    habits = server.Habits(options.domain, options.answer_after, options.seed)
    ports = (options.smtp_port, options.imap_port)
    asyncio.run(server.serve(server.Options(options.dir.resolve(), *ports, habits)))


if __name__ == "__main__":
    main()

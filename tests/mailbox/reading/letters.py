"""Letters to try the readers on, written by hand in the forms that real programs use."""

OURS = "<0199aa-first@acme.example>"


def letter(body: str = "", **headers: str) -> bytes:
    """A plain message to Olga. Header names are written with underscores; an empty value leaves one out."""
    lines = {
        "from": "Bert Brecht <bert@theatre.example>",
        "to": "Olga <olga@acme.example>",
        "subject": "Re: Your warehouse",
        "date": "Wed, 30 Apr 2025 09:00:00 +0200",
        "message_id": "<answer-1@theatre.example>",
        "content_type": "text/plain; charset=utf-8",
    } | headers
    head = "".join(f"{name.replace('_', '-').title()}: {value}\n" for name, value in lines.items() if value)
    return f"{head}\n{body}".encode()


def daemon(body: str, **headers: str) -> bytes:
    """What a mail server without a form for it writes."""
    return letter(
        body,
        **{
            "from": "Mail Delivery Subsystem <MAILER-DAEMON@mx.theatre.example>",
            "subject": "Undelivered Mail Returned to Sender",
            "message_id": "<bounce-1@mx.theatre.example>",
        }
        | headers,
    )


def report(fields: str, *, text: str = "Your message could not be delivered.", **headers: str) -> bytes:
    """A delivery report (RFC 3464) that returns the headers of our message."""
    body = (
        f"--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.theatre.example\n\n{fields}\n"
        "--b\nContent-Type: text/rfc822-headers\n\n"
        f"From: olga@acme.example\nTo: bert@theatre.example\nMessage-ID: {OURS}\nSubject: Your warehouse\n"
        "--b--\n"
    )
    return daemon(
        body, **{"content_type": 'multipart/report; report-type=delivery-status; boundary="b"'} | headers
    )


RETURNED = (
    "Return-Path: <olga@acme.example>\n"
    "Received: from mail.acme.example by mx.theatre.example; Wed, 30 Apr 2025 08:59:58 +0200\n"
    f"From: Olga <olga@acme.example>\nTo: bert@theatre.example\nMessage-ID: {OURS}\nSubject: Your warehouse\n\nHello Bert\n"
)

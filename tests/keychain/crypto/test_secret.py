"""A Secret goes nowhere: every way out that we know of, tried."""

import copy
import dataclasses
import json
import logging
import pickle
import pprint
import sys
import traceback
from typing import Any

import kombu.serialization
import pytest
import sentry_sdk
from celery import Celery
from django.core.serializers.json import DjangoJSONEncoder
from django.test import RequestFactory
from django.utils.html import escape
from django.views.debug import ExceptionReporter
from kombu.exceptions import EncodeError
from kombu.utils.json import dumps as kombu_dumps
from sentry_sdk.transport import Transport

from keychain.crypto.secret import MASK, Secret

CANARY = "canary-of-olga"
HEX = CANARY.encode().hex()
SECRET = Secret(CANARY)


@dataclasses.dataclass(frozen=True)
class Credentials:
    user: str
    password: Secret


def fail_with(secret: Secret) -> None:
    """A frame with a secret, a dataclass and containers of it among its variables."""
    credentials = Credentials("olga", secret)
    many = {"list": [secret], "tuple": (secret,), "nested": {"again": credentials}}
    raise RuntimeError(f"could not sign in {credentials.user} with {len(many)} ways")


def failure() -> RuntimeError:
    with pytest.raises(RuntimeError) as raised:
        fail_with(SECRET)
    return raised.value


def test_it_gives_out_what_was_put_in():
    assert Secret("pässword").reveal() == "pässword"
    assert Secret("pässword").reveal_bytes() == "pässword".encode()
    assert Secret(b"\xff\x00").reveal_bytes() == b"\xff\x00"


@pytest.mark.parametrize(
    "shown",
    [
        str(SECRET),
        repr(SECRET),
        f"{SECRET}",
        f"{SECRET!r:>40}".strip(),
        f"{SECRET:>40}",
        f"{SECRET:s}",
        "%s" % SECRET,  # noqa: UP031  # the way that is tested
        "%r" % SECRET,  # noqa: UP031  # the way that is tested
        "{}".format(SECRET),  # noqa: UP032  # the way that is tested
        format(SECRET, "10.3"),
        ascii(SECRET).replace("\\u2026", "…"),
        pprint.pformat(SECRET),
    ],
)
def test_text_made_of_it_is_the_mask(shown):
    assert shown == MASK


def test_it_prints_the_mask(capsys):
    print(SECRET, [SECRET], {"key": SECRET}, Credentials("olga", SECRET))

    printed = capsys.readouterr().out
    assert CANARY not in printed
    assert printed.count(MASK) == 4


def test_it_logs_the_mask(caplog):
    log = logging.getLogger("test")
    with caplog.at_level(logging.DEBUG):
        log.info("%s %r", SECRET, Credentials("olga", SECRET))
        log.error("failed", extra={"secret": SECRET}, exc_info=failure())

    assert CANARY not in caplog.text
    assert all(CANARY not in repr(record.__dict__) for record in caplog.records)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_is_not_pickled(protocol):
    for thing in (SECRET, [SECRET], Credentials("olga", SECRET)):
        with pytest.raises(TypeError, match="serialised"):
            pickle.dumps(thing, protocol)
    with pytest.raises(TypeError, match="serialised"):
        object.__reduce_ex__(SECRET, protocol)


@pytest.mark.parametrize(
    "dump",
    [
        json.dumps,
        lambda thing: json.dumps(thing, cls=DjangoJSONEncoder),
        lambda thing: json.dumps(thing, default=vars),
        lambda thing: json.dumps(thing, default=dict),
        kombu_dumps,
    ],
)
@pytest.mark.parametrize("thing", [SECRET, [SECRET], {"key": SECRET}])
def test_it_is_not_written_as_json(dump, thing):
    with pytest.raises(TypeError):
        dump(thing)


@pytest.mark.parametrize("serializer", ["json", "pickle", "yaml"])
def test_it_does_not_go_into_a_message(serializer):
    with pytest.raises(EncodeError):
        kombu.serialization.dumps({"args": [SECRET]}, serializer=serializer)


def test_it_is_not_an_argument_of_a_task():
    """Guards the broker: the task fails where it is called, and its description shows the mask."""
    app = Celery("test", broker="memory://", set_as_current=False)

    @app.task(name="sign_in")
    def sign_in(password: object) -> None: ...

    with pytest.raises(EncodeError):
        sign_in.delay(SECRET)
    with pytest.raises(EncodeError):
        sign_in.apply_async(kwargs={"password": Credentials("olga", SECRET)})
    message = app.amqp.as_task_v2("1", "sign_in", args=(SECRET,), kwargs={"password": SECRET})
    assert CANARY not in repr(message)


def test_a_copy_is_the_same_secret():
    assert copy.copy(SECRET) is SECRET
    assert copy.deepcopy({"key": [SECRET]})["key"][0] is SECRET
    assert dataclasses.asdict(Credentials("olga", SECRET)) == {"user": "olga", "password": SECRET}
    assert CANARY not in repr(dataclasses.asdict(Credentials("olga", SECRET)))


@pytest.mark.parametrize("take_apart", [vars, dict, list, tuple, iter, len, bytes, int, float, memoryview])
def test_it_does_not_come_apart(take_apart):
    with pytest.raises(TypeError):
        take_apart(SECRET)


def test_it_does_not_join_with_text():
    parts: list[Any] = ["Bearer ", SECRET]

    with pytest.raises(TypeError):
        "Bearer " + SECRET
    with pytest.raises(TypeError):
        b"Bearer " + SECRET
    with pytest.raises(TypeError):
        "".join(parts)


def test_secrets_are_compared_by_what_they_hold():
    assert Secret("same") == Secret(b"same")
    assert Secret("same") != Secret("other")
    assert Secret("same") != "same"
    assert Secret(b"same") != b"same"
    assert SECRET not in [CANARY, CANARY.encode(), None]


def test_it_has_no_hash():
    with pytest.raises(TypeError, match="unhashable"):
        hash(SECRET)
    with pytest.raises(TypeError, match="unhashable"):
        hash(Credentials("olga", SECRET))


def test_it_tells_whether_there_is_anything_in_it():
    assert Secret("x")
    assert not Secret("")


def test_a_frozen_dataclass_may_hold_it():
    assert repr(Credentials("olga", SECRET)) == f"Credentials(user='olga', password={MASK})"
    assert Credentials("olga", SECRET) == Credentials("olga", Secret(CANARY))
    assert dataclasses.replace(Credentials("olga", SECRET), user="eddy").password is SECRET


def test_a_traceback_with_its_variables_shows_the_mask():
    shown = "".join(traceback.TracebackException.from_exception(failure(), capture_locals=True).format())

    assert "credentials = " in shown
    assert MASK in shown
    assert CANARY not in shown


@pytest.mark.parametrize("value", ["canary-\ud800-of-olga", None, 12_345, bytearray(b"canary")])
def test_what_cannot_be_a_secret_is_refused_without_showing_it(value):
    """Guards the error of str.encode, which carries the whole text, and the frame that holds it."""
    with pytest.raises(TypeError) as refusal:
        Secret(value)

    assert_shows_nothing_of_ours(refusal.value)


def test_bytes_that_are_no_text_are_refused_without_showing_them():
    with pytest.raises(ValueError, match="not text") as refusal:
        Secret(b"canary-\xff").reveal()

    assert not isinstance(refusal.value, UnicodeDecodeError)
    assert_shows_nothing_of_ours(refusal.value)


def assert_shows_nothing_of_ours(error: BaseException) -> None:
    assert error.__context__ is None
    frames = traceback.TracebackException.from_exception(error, capture_locals=True).stack
    ours = [frame for frame in frames if frame.filename.endswith("keychain/crypto/secret.py")]
    assert ours
    assert "canary" not in str(error) + repr([frame.locals for frame in ours])
    assert "12345" not in repr([frame.locals for frame in ours])


@pytest.mark.parametrize("page", ["get_traceback_html", "get_traceback_text"])
def test_django_s_debug_page_shows_the_mask(page, settings):
    settings.DEBUG = True
    error = failure()
    reporter = ExceptionReporter(RequestFactory().get("/"), type(error), error, error.__traceback__)

    shown = getattr(reporter, page)()

    assert "RuntimeError" in shown
    assert page == "get_traceback_text" or escape(MASK) in shown
    # The page quotes the source of the frames, where the constant's name stands and its value does not.
    assert CANARY not in shown
    assert HEX not in shown


class Captured(Transport):
    """Keeps what would go to Sentry."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Any] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.sent.append(envelope.serialize())


def test_sentry_gets_the_mask():
    captured = Captured()
    client = sentry_sdk.Client(
        dsn="http://key@127.0.0.1/1",
        transport=captured,
        include_local_variables=True,
        max_value_length=100_000,
        default_integrations=False,
    )
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(client)
        scope.set_extra("secret", SECRET)
        scope.set_context("sign-in", {"password": SECRET, "credentials": Credentials("olga", SECRET)})
        sentry_sdk.add_breadcrumb(message="sign-in", data={"secret": SECRET})
        sentry_sdk.capture_exception(failure())
        client.flush()
    client.close()
    event = b"".join(captured.sent).decode()

    assert "fail_with" in event
    assert json.dumps(MASK)[1:-1] in event or MASK in event
    assert CANARY not in event
    assert HEX not in event


def test_a_debugger_s_view_of_a_frame_shows_the_mask():
    frames = failure().__traceback__
    while frames.tb_next:
        frames = frames.tb_next

    assert CANARY not in repr(frames.tb_frame.f_locals)
    assert CANARY.encode() not in repr(sys.exc_info()).encode()

"""A directory and a bucket keep files alike: whole under their name, or not there."""

from __future__ import annotations

import boto3
import pytest
from moto.server import ThreadedMotoServer

from audit.custody import back_up, bring_back
from leads.models import Lead
from tenants.backup.errors import StoreError
from tenants.backup.stores import PART, store_at
from tenants.binding import bound
from tests.keychain.moto_kms import CREDENTIALS
from tests.mail_world import a_lead


@pytest.fixture(scope="module")
def moto():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield "http://{}:{}".format(*server.get_host_and_port())
    server.stop()


@pytest.fixture(params=["directory", "bucket"])
def store(request, tmp_path, monkeypatch):
    if request.param == "directory":
        yield store_at(str(tmp_path / "files"))
        return
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    endpoint = request.getfixturevalue("moto")
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="paitho-backups")
    yield store_at(f"s3://paitho-backups/eu?endpoint={endpoint}")


def test_a_file_of_many_parts_comes_back(store):
    data = bytes(range(256)) * (2 * PART // 256 + 5)

    with store.writing("a/b") as file:
        for at in range(0, len(data), 1_000_000):
            file.write(data[at : at + 1_000_000])

    with store.reading("a/b") as file:
        assert b"".join(iter(lambda: file.read(700_000), b"")) == data
    assert "a/b" in store.names("a/")
    store.delete("a/b")
    store.delete("a/b")
    assert "a/b" not in store.names()


def test_a_write_that_fails_leaves_nothing(store):
    def fails() -> None:
        with store.writing("a/c") as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()

    assert "a/c" not in store.names()
    assert store.sweep() == 0


def test_what_a_killed_writer_left_is_swept(store):
    writing = store.writing("a/d")
    writing.__enter__().write(b"half")
    # The process dies here: nobody leaves the block.

    assert "a/d" not in store.names()
    assert store.sweep() == 1
    assert store.sweep() == 0


def test_a_missing_file_is_a_sentence(store):
    with pytest.raises(StoreError), store.reading("a/none") as file:
        file.read(1)


def test_a_name_stays_inside_its_directory(tmp_path):
    with pytest.raises(StoreError), store_at(str(tmp_path)).writing("../outside"):
        pass


def test_a_store_that_cannot_be_reached_is_a_sentence(monkeypatch):
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")

    with pytest.raises(StoreError, match=r"cannot be reached|answered"):
        store_at("s3://nowhere/x?endpoint=http://127.0.0.1:9").names()


def test_a_workspace_comes_back_from_the_store(world, store):
    with bound(world.acme):
        a_lead("kept@acme.test")
        made = back_up(world.acme, store)
        Lead.objects.all().delete()

    bring_back(world.acme, store, made.name)

    with bound(world.acme):
        assert Lead.objects.get().profile["email"] == "kept@acme.test"

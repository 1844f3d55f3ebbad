"""AWS KMS as moto serves it over HTTP, and what moto leaves out: the state of a key."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import boto3
from moto.core.exceptions import JsonRESTError
from moto.kms.models import KmsBackend
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_EC2_METADATA_DISABLED": "true",
}
REFUSED = {"Disabled": "DisabledException", "PendingDeletion": "KMSInvalidStateException"}


class MotoKms:
    """A running KMS. Needs `CREDENTIALS` in the environment."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        self.endpoint = "http://{}:{}".format(*self.server.get_host_and_port())
        self.client: Any = boto3.client("kms", region_name=REGION, endpoint_url=self.endpoint)

    def new_key(self) -> str:
        """The ARN of a new key."""
        return str(self.client.create_key()["KeyMetadata"]["Arn"])

    def url(self, arn: str) -> str:
        return f"aws:{arn}?endpoint={self.endpoint}"

    def disable(self, arn: str) -> None:
        self.client.disable_key(KeyId=_id_of(arn))

    def enable(self, arn: str) -> None:
        self.client.enable_key(KeyId=_id_of(arn))

    def schedule_deletion(self, arn: str) -> None:
        self.client.schedule_key_deletion(KeyId=_id_of(arn))


@contextmanager
def moto_kms() -> Iterator[MotoKms]:
    with (
        patch.object(KmsBackend, "encrypt", _minding_state(KmsBackend.encrypt)),
        patch.object(KmsBackend, "decrypt", _minding_state(KmsBackend.decrypt)),
    ):
        running = MotoKms()
        try:
            yield running
        finally:
            running.server.stop()
            running.client.close()


def _id_of(arn: str) -> str:
    return arn.partition("/")[2]


def _minding_state(method: Any) -> Any:
    """moto serves disabled keys; AWS answers 400 with these types (API reference, Decrypt: Errors)."""

    def guarded(backend: Any, *, key_id: str, **rest: Any) -> Any:
        state = backend.keys[backend.any_id_to_key_id(key_id)].key_state
        if state in REFUSED:
            raise JsonRESTError(REFUSED[state], f"{key_id} is {state}.")
        return method(backend, key_id=key_id, **rest)

    return guarded

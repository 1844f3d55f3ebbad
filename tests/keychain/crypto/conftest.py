"""A local and an AWS KMS behind one handle."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest

from keychain.crypto.kms import Kms, LocalKms, kms_from_url
from tests.keychain.moto_kms import CREDENTIALS, MotoKms, moto_kms


@dataclass
class Held:
    """A KMS, another one of its kind, and what its owner can do to the key."""

    kms: Kms
    other: Kms
    take_away: Callable[[], None]
    give_back: Callable[[], None]


@pytest.fixture(scope="session")
def aws() -> Iterator[MotoKms]:
    with patch.dict(os.environ, CREDENTIALS), moto_kms() as running:
        yield running


@pytest.fixture(params=["local", "aws"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Held:
    if request.param == "local":
        return hold_local(tmp_path)
    return hold_aws(request.getfixturevalue("aws"))


def hold_local(directory: Path) -> Held:
    file, away = directory / "master.key", directory / "away"
    kms, other = LocalKms(file), LocalKms(directory / "other.key")
    return Held(kms, other, lambda: file.rename(away) and None, lambda: away.rename(file) and None)


def hold_aws(aws: MotoKms) -> Held:
    arn, other = aws.new_key(), aws.new_key()
    kms = kms_from_url(aws.url(arn))
    return Held(kms, kms_from_url(aws.url(other)), lambda: aws.disable(arn), lambda: aws.enable(arn))

"""AWS KMS over boto3."""

import logging
import os
import re
from functools import lru_cache
from typing import Any, Final

from keychain.crypto.kms.rules import (
    CHANGED,
    DATA_KEY_BYTES,
    MAX_WRAP_BYTES,
    BadKmsUrl,
    Context,
    KmsError,
    KmsRefused,
    KmsUnavailable,
    check_size,
)
from keychain.crypto.secret import Secret

ARN = re.compile(
    r"arn:aws(?:-[a-z]+)*:kms:(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}):[0-9]{12}"
    r":(?:key|alias)/[A-Za-z0-9/_-]{1,256}"
)

ANSWERS: Final = {
    "generate_data_key": ("Plaintext", "CiphertextBlob"),
    "encrypt": ("CiphertextBlob",),
    "decrypt": ("Plaintext",),
}


class AwsKms:
    """One key of AWS KMS, by its ARN, over boto3.

    An answer takes `timeout` seconds at most, is asked for twice at most, and so comes within
    2 x (1 + timeout) + 1 seconds.
    """

    def __init__(
        self, key_arn: str, region: str, endpoint_url: str | None = None, *, timeout: float = 2.0
    ) -> None:
        self.name = key_arn
        self._at = region, endpoint_url, timeout

    def generate(self, context: Context) -> tuple[Secret, bytes]:
        answer = self._ask("generate_data_key", context, NumberOfBytes=DATA_KEY_BYTES)
        return Secret(answer["Plaintext"]), answer["CiphertextBlob"]

    def wrap(self, secret: Secret, context: Context) -> bytes:
        check_size(secret)
        wrapped: bytes = self._ask("encrypt", context, Plaintext=secret.reveal_bytes())["CiphertextBlob"]
        return wrapped

    def unwrap(self, wrapped: bytes, context: Context) -> Secret:
        if not 1 <= len(wrapped) <= MAX_WRAP_BYTES:
            raise KmsRefused(CHANGED)
        # Drivers also give memoryviews, which boto3 does not take.
        return Secret(self._ask("decrypt", context, CiphertextBlob=bytes(wrapped))["Plaintext"])

    def _ask(self, verb: str, context: Context, **request: Any) -> dict[str, Any]:
        answer = self._answer(verb, context, request)
        if isinstance(answer, KmsError):
            del request  # it may hold a key, and a frame of a traceback shows its variables
            raise answer
        return answer

    def _answer(self, verb: str, context: Context, request: dict[str, Any]) -> dict[str, Any] | KmsError:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            # A client is safe between threads, but not on both sides of a fork.
            method = getattr(_client_of_process(os.getpid(), *self._at), verb)
            answer: dict[str, Any] = method(
                KeyId=self.name, EncryptionContext=context.encryption_context(), **request
            )
        except ClientError as error:
            return _refusal(error.response["Error"]["Code"], error.response["ResponseMetadata"])
        except (BotoCoreError, ResponseParserError) as error:
            return KmsUnavailable(f"AWS KMS did not answer ({type(error).__name__}).")
        if not all(answer.get(field) for field in ANSWERS[verb]):
            return KmsUnavailable("AWS KMS did not answer: something else did.")
        return answer


# Not the key's answer but the service's, or a word about our own credentials.
PASSING: Final = {
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "LimitExceededException",
    "MissingAuthenticationToken",
    "OptInRequired",
    "RequestExpired",
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "UnrecognizedClientException",
}
REFUSALS: Final = {
    "AccessDeniedException": "The policy of the KMS key does not let Paitho use it.",
    "DisabledException": "The KMS key is disabled.",
    "IncorrectKeyException": CHANGED,
    "InvalidCiphertextException": CHANGED,
    "KMSInvalidStateException": "The KMS key is pending deletion, or not in a state to be used.",
    "NotFoundException": "The KMS key does not exist.",
}


def _refusal(code: str, metadata: Any) -> KmsError:
    if metadata["HTTPStatusCode"] >= 500 or code in PASSING:
        return KmsUnavailable(f"AWS KMS cannot answer now ({code}).")
    return KmsRefused(REFUSALS.get(code, f"AWS KMS refused ({code})."))


@lru_cache(maxsize=64)
def _client_of_process(_: int, region: str, endpoint_url: str | None, timeout: float) -> Any:
    import boto3
    from botocore.config import Config

    # At DEBUG botocore logs whole requests and answers, data keys included.
    log = logging.getLogger("botocore")
    log.setLevel(max(log.level, logging.WARNING))
    retries: Any = {"mode": "standard", "total_max_attempts": 2}
    config = Config(connect_timeout=1, read_timeout=timeout, retries=retries)
    return boto3.session.Session().client("kms", region_name=region, endpoint_url=endpoint_url, config=config)


def region_of(key_arn: str) -> str:
    """The region that a KMS key's ARN names. BadKmsUrl if it is none."""
    match = ARN.fullmatch(key_arn)
    if match is None:
        raise BadKmsUrl("The ARN of a KMS key looks like arn:aws:kms:<region>:<account>:key/<id>.")
    return match["region"]

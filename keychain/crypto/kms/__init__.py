"""Where the keys that wrap keys live: AWS KMS, or a master key file of our own."""

from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from keychain.crypto.kms.aws import AwsKms, region_of
from keychain.crypto.kms.local import LocalKms
from keychain.crypto.kms.rules import BadKmsUrl, Context, Kms, KmsError, KmsRefused, KmsUnavailable

__all__ = [
    "AwsKms",
    "BadKmsUrl",
    "Context",
    "Kms",
    "KmsError",
    "KmsRefused",
    "KmsUnavailable",
    "LocalKms",
    "kms_from_url",
    "region_of",
]


@lru_cache(maxsize=256)
def kms_from_url(url: str) -> Kms:
    """The KMS that a setting names: `local:/path/to/master.key` or `aws:<key arn>[?endpoint=http://…]`.

    One object per URL. Raises BadKmsUrl, and for a local key what LocalKms raises. The endpoint is for
    the operator's settings: an ARN that a customer types goes to `AwsKms(arn, region_of(arn))`.
    """
    kind, _, rest = url.partition(":")
    if kind == "local" and rest:
        return LocalKms(rest)
    if kind == "aws":
        arn, _, query = rest.partition("?")
        return AwsKms(arn, region_of(arn), _endpoint_of(query))
    raise BadKmsUrl("A KMS is written local:<path of the master key> or aws:<ARN of the key>.")


def _endpoint_of(query: str) -> str | None:
    if not query:
        return None
    pairs = parse_qsl(query)
    if len(pairs) != 1 or pairs[0][0] != "endpoint" or urlsplit(pairs[0][1]).scheme not in ("http", "https"):
        raise BadKmsUrl("After the ARN of a KMS key only ?endpoint=http://… may follow.")
    return pairs[0][1]

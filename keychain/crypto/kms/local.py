"""A KMS without a service: a master key in a file."""

import json
import os
import re
import secrets
import stat
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from keychain.crypto.kms.rules import (
    CHANGED,
    DATA_KEY_BYTES,
    MAX_WRAP_BYTES,
    Context,
    KmsRefused,
    KmsUnavailable,
    check_size,
)
from keychain.crypto.secret import Secret


class LocalKms:
    """A master key in a file that only its owner can read; made on first start.

    The file is read again for each wrapped key, so that taking it away works like disabling a key of
    AWS. A wrap: prefix 4, fingerprint of the master key 8, nonce 12, ciphertext and tag of AES-256-GCM;
    the additional data is the prefix, the fingerprint and the context. Random nonces under one key are
    safe for some billions of wraps.
    """

    PREFIX: Final = b"PLK\x01"
    FILE = re.compile(rb"paitho-master-key-1 ([0-9a-f]{64})\n")

    def __init__(self, path: Path | str) -> None:
        """Raises KmsUnavailable if the file cannot be made or read, KmsRefused if it must not be used."""
        self._path = Path(path)
        _make_master_key(self._path)
        self._fingerprint = _fingerprint(self._read())
        self.name = f"local:{self._fingerprint.hex()}"

    def generate(self, context: Context) -> tuple[Secret, bytes]:
        secret = Secret(secrets.token_bytes(DATA_KEY_BYTES))
        return secret, self.wrap(secret, context)

    def wrap(self, secret: Secret, context: Context) -> bytes:
        check_size(secret)
        head, nonce, master = self.PREFIX + self._fingerprint, secrets.token_bytes(12), self._master()
        aead = AESGCM(master.reveal_bytes())
        return head + nonce + aead.encrypt(nonce, secret.reveal_bytes(), head + _canonical(context))

    def unwrap(self, wrapped: bytes, context: Context) -> Secret:
        wrapped = bytes(wrapped)  # drivers also give memoryviews
        if wrapped[:4] == self.PREFIX and wrapped[4:12] != self._fingerprint:
            raise KmsRefused(f"This key was wrapped by another master key than {self.name}.")
        secret = self._opened(wrapped, context, self._master())
        if secret is None:
            raise KmsRefused(CHANGED)
        return secret

    def _opened(self, wrapped: bytes, context: Context, master: Secret) -> Secret | None:
        head = self.PREFIX + self._fingerprint
        if wrapped[:12] != head or not 40 < len(wrapped) <= MAX_WRAP_BYTES:
            return None
        aead = AESGCM(master.reveal_bytes())
        try:
            return Secret(aead.decrypt(wrapped[12:24], wrapped[24:], head + _canonical(context)))
        except InvalidTag:
            return None

    def _master(self) -> Secret:
        master = self._read()
        if _fingerprint(master) != self._fingerprint:
            raise KmsRefused(f"The master key in {self._path} is no longer {self.name}.")
        return master

    def _read(self) -> Secret:
        content = _read_private(self._path)
        match = self.FILE.fullmatch(content.reveal_bytes())
        if match is None:
            raise KmsRefused(f"{self._path} is not a master key file.")
        return Secret(bytes.fromhex(match[1].decode()))


def _fingerprint(master: Secret) -> bytes:
    return sha256(b"paitho master key fingerprint" + master.reveal_bytes()).digest()[:8]


def _canonical(context: Context) -> bytes:
    return json.dumps(context.encryption_context(), sort_keys=True, separators=(",", ":")).encode()


def _make_master_key(path: Path) -> None:
    """Puts a whole file at `path` at once, unless there is one, or another process is first."""
    try:
        if path.exists():
            return
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        try:
            _write_private(draft, b"paitho-master-key-1 %s\n" % secrets.token_hex(DATA_KEY_BYTES).encode())
            path.hardlink_to(draft)
        finally:
            draft.unlink(missing_ok=True)
        _flush_directory(path.parent)
    except FileExistsError:
        return
    except OSError as error:
        raise KmsUnavailable(f"No master key can be made at {path}: {error.strerror}.") from error


def _write_private(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _flush_directory(path: Path) -> None:
    """A power cut must not take the name of a key that keys were wrapped with."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _read_private(path: Path) -> Secret:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise KmsRefused(f"{path} can be read or written by other users. Run: chmod 600 {path}")
            return Secret(file.read(1024))
    except OSError as error:
        raise KmsUnavailable(f"The master key in {path} cannot be read: {error.strerror}.") from error

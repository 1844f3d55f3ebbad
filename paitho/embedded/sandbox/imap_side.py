"""The IMAP side: sign-in and sessions for pymap's protocol."""

from argparse import Namespace
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import cast

from proxyprotocol.reader import ProxyProtocolReader
from proxyprotocol.sock import SocketInfo
from proxyprotocol.version import ProxyProtocolVersion
from pymap.backend.session import BaseSession
from pymap.config import BackendCapability, IMAPConfig
from pymap.exceptions import AuthorizationFailure, InvalidAuth, NotAllowedError
from pymap.imap import IMAPServer
from pymap.interfaces.login import IdentityInterface, LoginInterface
from pymap.parsing.specials import SearchKey, SequenceSet
from pymap.selected import SelectedMailbox
from pymap.token import AllTokens
from pymap.user import UserMetadata
from pysasl.creds.server import ServerCredentials
from pysasl.identity import Identity

from .imap_folders import AccountFolders, StoredMessage
from .store import Accounts, Mailboxes

SPECIAL_USE = {"Sent": b"Sent", "Junk": b"Junk", "Drafts": b"Drafts", "Trash": b"Trash"}
IN_MEMORY = ("MESSAGE-ID", "X-PAITHO-ID")


class SandboxSession(BaseSession[StoredMessage]):
    """One signed-in connection."""

    def __init__(self, config: "SandboxConfig", folders: AccountFolders) -> None:
        super().__init__(folders.address)
        self._config = config
        self._folders = folders

    @property
    def config(self) -> IMAPConfig:
        return self._config

    @property
    def mailbox_set(self) -> AccountFolders:
        return self._folders

    async def list_mailboxes(
        self, ref_name: str, filter_: str, subscribed: bool = False, selected: SelectedMailbox | None = None
    ) -> tuple[Iterable[tuple[str, str | None, Sequence[bytes]]], SelectedMailbox | None]:
        rows, selected = await super().list_mailboxes(ref_name, filter_, subscribed, selected)
        marked = [
            (name, delimiter, [*attributes, SPECIAL_USE[name]] if name in SPECIAL_USE else attributes)
            for name, delimiter, attributes in rows
        ]
        return marked, selected

    async def search_mailbox(
        self, selected: SelectedMailbox, keys: frozenset[SearchKey]
    ) -> tuple[Iterable[tuple[int, StoredMessage]], SelectedMailbox]:
        """The headers by which sent mail is looked up are answered from memory: 0.1 ms instead of 70."""
        opened = await self.mailbox_set.get_mailbox(selected.lookup)
        for key in keys:
            name, value = key.filter_header if key.value == b"HEADER" and not key.inverse else ("", "")
            if name.upper() not in IN_MEMORY:
                continue
            found = opened.folder.having(name.upper(), value)
            if not found:
                return [], await opened.update_selected(selected)
            keys = keys - {key} | {SearchKey(b"SEQSET", SequenceSet(found, uid=True))}
        return await super().search_mailbox(selected, keys)


class SandboxIdentity(IdentityInterface):
    """An account that has signed in."""

    def __init__(self, login: "SandboxLogin", address: str) -> None:
        self.login = login
        self.address = address

    @property
    def name(self) -> str:
        return self.address

    @property
    def roles(self) -> frozenset[str]:
        return frozenset()

    @asynccontextmanager
    async def new_session(self) -> AsyncIterator[SandboxSession]:
        yield SandboxSession(self.login.config, self.login.folders(self.address))

    async def new_token(self, *, expiration: datetime | None = None) -> str | None:
        return None

    async def get(self) -> UserMetadata:
        return UserMetadata(self.login.config, self.address)

    async def set(self, metadata: UserMetadata) -> int | None:
        raise NotAllowedError("Accounts are kept in accounts.json.")

    async def delete(self) -> None:
        raise NotAllowedError("Accounts are kept in accounts.json.")


class AnyPassword(Identity):
    """Asks the accounts file whether the password is right."""

    def __init__(self, accounts: Accounts, address: str) -> None:
        self.accounts = accounts
        self.address = address

    @property
    def authcid(self) -> str:
        return self.address

    def compare_authcid(self, authcid: str) -> bool:
        return authcid == self.address

    def compare_secret(self, secret: str) -> bool:
        return self.accounts.check(self.address, secret)

    def get_clear_secret(self) -> str | None:
        return None


class SandboxLogin(LoginInterface):
    """Sign-in against accounts.json; the folders of an account are shared by its sessions."""

    def __init__(self, config: "SandboxConfig", accounts: Accounts, mailboxes: Mailboxes) -> None:
        self.config = config
        self.accounts = accounts
        self.mailboxes = mailboxes
        self.shared: dict[str, AccountFolders] = {}
        self.no_tokens = AllTokens(config)

    @property
    def tokens(self) -> AllTokens:
        return self.no_tokens

    def folders(self, address: str) -> AccountFolders:
        return self.shared.setdefault(address, AccountFolders(address, self.mailboxes))

    async def authenticate(self, credentials: ServerCredentials) -> SandboxIdentity:
        address = credentials.authcid
        if not credentials.verify(AnyPassword(self.accounts, address)):
            raise InvalidAuth
        return SandboxIdentity(self, address.lower())

    async def authorize(self, authenticated: IdentityInterface, authzid: str) -> SandboxIdentity:
        if authzid.lower() != authenticated.name:
            raise AuthorizationFailure
        return SandboxIdentity(self, authenticated.name)


class SandboxConfig(IMAPConfig):
    """Loopback without TLS: only this machine can connect."""

    def __init__(self, host: str, port: int) -> None:
        args = Namespace(passlib_cfg=None, proxy_protocol=None)
        super().__init__(args, host=host, port=port, tls_enabled=False, reject_dnsbl=False)

    @property
    def backend_capability(self) -> BackendCapability:
        return BackendCapability(idle=True, object_id=True, multi_append=True, custom=[b"SPECIAL-USE"])

    @property
    def greeting(self) -> bytes:
        return b"Paitho sandbox ready"


class WholeResponses:
    """A writer that sends a response at once; in pieces, a client that polls may read half a line."""

    def __init__(self, writer: StreamWriter) -> None:
        self.writer = writer
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.pieces.append(bytes(data))

    async def drain(self) -> None:
        self.writer.write(b"".join(self.pieces))
        self.pieces.clear()
        await self.writer.drain()

    def close(self) -> None:
        self.writer.close()


def connection_callback(
    config: SandboxConfig, accounts: Accounts, mailboxes: Mailboxes
) -> Callable[..., Awaitable[None]]:
    """What asyncio.start_server calls for each connection."""
    server = IMAPServer(SandboxLogin(config, accounts, mailboxes), config)

    async def talk(reader: StreamReader, writer: StreamWriter, info: SocketInfo) -> None:
        await server(reader, cast("StreamWriter", WholeResponses(writer)), info)

    return ProxyProtocolReader(ProxyProtocolVersion.get(None)).get_callback(talk)

"""A TCP proxy that cuts or stalls the connection after so many bytes from the server."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def pump(source: socket.socket, drain: socket.socket, limit: float) -> None:
    """Pass on bytes until the limit, or until one side ends."""
    with suppress(OSError):
        while limit > 0 and (data := source.recv(int(min(limit, 65_536)))):
            drain.sendall(data)
            limit -= len(data)


def hang_up(*socks: socket.socket) -> None:
    for sock in socks:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def faulty_proxy(target: int, *, after: int, stalls: bool = False) -> Iterator[int]:
    """The proxy's port; `after` counts the server's bytes of one connection."""
    over = threading.Event()
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", target)) as server:
            upward = threading.Thread(target=pump, args=(client, server, float("inf")))
            upward.start()
            pump(server, client, after)
            over.wait(60 if stalls else 0)
            hang_up(server, client)
            upward.join()

    def accept() -> None:
        while not over.is_set():
            with suppress(OSError):
                client, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(client,)))
                threads[-1].start()

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        hang_up(listener)
        listener.close()
        for thread in (accepting, *threads):
            thread.join(15)

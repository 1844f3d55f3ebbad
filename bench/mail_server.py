"""An SMTP server that takes everything and keeps nothing, `rtt` seconds away: for measuring senders.

python -m bench.mail_server PORT RTT pipelining|one-by-one

The distance is counted from when a command arrived, as a wire would have it: commands that came together are
answered together.
"""

import asyncio
import sys

POLITE = {b"MAIL": b"250 ok\r\n", b"RCPT": b"250 ok\r\n", b"DATA": b"354 go\r\n", b"RSET": b"250 ok\r\n"}
HELLO = b"250-bench\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n%b250 AUTH PLAIN LOGIN\r\n"


class Talk:
    """One conversation."""

    def __init__(self, reader, writer, rtt: float, hello: bytes) -> None:
        self.reader, self.writer, self.rtt, self.hello = reader, writer, rtt, hello
        self.lines: asyncio.Queue[tuple[bytes, float]] = asyncio.Queue()
        self.clock = asyncio.get_running_loop().time

    async def listen(self) -> None:
        while line := await self.reader.readline():
            self.lines.put_nowait((line, self.clock()))
        self.lines.put_nowait((b"", 0.0))

    async def say(self, text: bytes, heard_at: float) -> None:
        await asyncio.sleep(max(0.0, heard_at + self.rtt - self.clock()))
        self.writer.write(text)

    async def run(self) -> None:
        ears = asyncio.create_task(self.listen())
        try:
            await self.say(b"220 bench\r\n", self.clock())
            while True:
                line, at = await self.lines.get()
                verb = line[:4].upper().strip()
                if verb in (b"", b"QUIT"):
                    return
                await self.say(self.answer(verb), at)
                if verb == b"DATA":
                    while (came := await self.lines.get())[0] not in (b".\r\n", b""):
                        pass
                    await self.say(b"250 taken\r\n", came[1])
        except OSError:
            pass
        finally:
            ears.cancel()
            self.writer.close()

    def answer(self, verb: bytes) -> bytes:
        return self.hello if verb == b"EHLO" else b"235 in\r\n" if verb == b"AUTH" else POLITE[verb]


async def serve(port: int, rtt: float, kind: str) -> None:
    hello = HELLO % (b"250-PIPELINING\r\n" if kind == "pipelining" else b"")

    async def talk(reader, writer) -> None:
        await Talk(reader, writer, rtt, hello).run()

    server = await asyncio.start_server(talk, "127.0.0.1", port, limit=2**22)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]))

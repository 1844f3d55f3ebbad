"""An SMTP server that takes everything and keeps nothing, `rtt` seconds away: for measuring senders.

python -m bench.mail_server PORT RTT
"""

import asyncio
import sys

POLITE = {b"MAIL": b"250 ok\r\n", b"RCPT": b"250 ok\r\n", b"DATA": b"354 go\r\n", b"RSET": b"250 ok\r\n"}
HELLO = b"250-bench\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n"


async def talk(reader, writer, rtt: float) -> None:
    async def say(text: bytes) -> None:
        await asyncio.sleep(rtt)
        writer.write(text)

    await say(b"220 bench\r\n")
    try:
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                return
            await say(HELLO if verb == b"EHLO" else b"235 in\r\n" if verb == b"AUTH" else POLITE[verb])
            if verb == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                await say(b"250 taken\r\n")
    except (asyncio.IncompleteReadError, OSError):
        pass
    finally:
        writer.close()


async def serve(port: int, rtt: float) -> None:
    server = await asyncio.start_server(lambda r, w: talk(r, w, rtt), "127.0.0.1", port, limit=2**22)
    async with server:
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))

"""A server with the websockets library: answers each text with another, and pings once.

    /usr/bin/python3 -I echo_server.py

Prints its port. Ends when its input ends. Runs with the library's versions 10 to 15.
"""

import asyncio
import sys

try:
    import websockets
except ImportError:
    sys.exit("python3-websockets is missing: run scripts/test, which installs it")


async def answer(ws, _path=None):
    await (await ws.ping(b"are you there"))
    async for text in ws:
        await ws.send("Servidor confirmou recebimento: " + text)


async def main():
    async with websockets.serve(answer, "127.0.0.1", 0, compression=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())

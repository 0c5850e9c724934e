"""The chat exercise: names, history, broadcast, and a reconnection that loses nothing.

    wslab serve
    python3 examples/chat.py alice [http://HOST:PORT]

Each line of standard input is sent. It needs the library "websockets": Debian's
python3-websockets, or pip install websockets.
"""

import asyncio
import contextlib
import json
import sys
import threading
import time
from urllib.parse import quote
from urllib.request import urlopen

import websockets

if len(sys.argv) < 2:
    sys.exit(__doc__)
name, server = (sys.argv[1:] + ["http://localhost:8080"])[:2]
feed = server + "/feeds/lobby"
cursor, epoch = 0, None  # the last message seen, and of which start of the server
unsent = []  # own texts; the first one is sent until it comes back
socket = None


async def send():
    with contextlib.suppress(websockets.ConnectionClosed):
        if unsent and socket:
            await socket.send(json.dumps({"text": unsent[0]}))


async def say(text):
    unsent.append(text)
    if len(unsent) == 1:
        await send()


def move(to):
    """Moves to a poll's answer, or to a reset."""
    global cursor, epoch
    if to.get("missed"):
        print(to["missed"], "messages are gone", flush=True)
    if to["epoch"] != epoch:
        cursor, epoch = 0, to["epoch"]


async def take(message):
    global cursor
    if "reset" in message:
        return move(message["reset"])
    cursor = message["seq"]
    print(message["from"] + ":", message.get("kind", message["text"]), flush=True)
    if message["from"] == name and message["text"] in unsent[:1]:
        unsent.pop(0)
        await send()


async def connect():
    global socket
    body = {"more": True}
    while body.get("more"):  # what is new since the cursor; at first the whole history
        after = f"{cursor}-{epoch}" if epoch else 0
        body = json.load(urlopen(f"{feed}/poll?after={after}", timeout=10))
        move(body)
        for message in body["messages"]:
            await take(message)
    ws = feed.replace("http", "ws", 1)
    async with websockets.connect(f"{ws}/ws?after={cursor}-{epoch}&user={quote(name)}") as socket:
        await send()
        async for message in socket:
            await take(json.loads(message))


async def stay_connected():
    global socket
    while True:
        try:
            await connect()
        except (OSError, websockets.WebSocketException) as why:
            if getattr(getattr(why, "rcvd", None), "code", None) in (1008, 1009):  # refused for good
                print("not sent:", unsent.pop(0), file=sys.stderr)
            print("reconnecting:", why, file=sys.stderr)
        socket = None
        await asyncio.sleep(1)


loop = asyncio.new_event_loop()
threading.Thread(target=loop.run_until_complete, args=[stay_connected()], daemon=True).start()
for line in sys.stdin:
    asyncio.run_coroutine_threadsafe(say(line.rstrip("\n")), loop).result()
while unsent:
    time.sleep(0.1)

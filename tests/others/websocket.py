"""The server with the websockets library as client.

    /usr/bin/python3 -I websocket.py CASE ws://ADDR:PORT

The cases are the functions under CASES. Runs with the library's versions 10 to 15.
"""

import asyncio
import json
import sys

try:
    import websockets
except ImportError:
    sys.exit("python3-websockets is missing: run scripts/test, which installs it")

# The longest wait for anything.
PATIENCE_S = 20
LIMIT_BYTES = 64 * 1024


def connect(url, **options):
    return websockets.connect(
        url, open_timeout=PATIENCE_S, close_timeout=PATIENCE_S, ping_interval=None, **options
    )


async def receive(ws):
    return await asyncio.wait_for(ws.recv(), PATIENCE_S)


async def receive_text(ws):
    """The next message that is a text, not a join or a leave."""
    while True:
        message = await receive(ws)
        if "kind" not in json.loads(message):
            return message


def check(got, expected):
    if got != expected:
        raise AssertionError(f"got {got!r} in place of {expected!r}")


async def read(base):
    """Prints the first frame of the feed `feed`, as it came."""
    async with connect(f"{base}/feeds/feed/ws?after=0") as ws:
        print(await receive(ws))


async def conversation(base):
    """Two messages of bob are there; alice reads them, joins, writes one, and leaves."""
    url = f"{base}/feeds/feed/ws?after=0&user=alice"
    async with connect(url, subprotocols=["other", "chat"]) as ws:
        check(ws.subprotocol, "chat")
        for seq in (1, 2):
            message = json.loads(await receive(ws))
            check((message["seq"], message["from"]), (seq, "bob"))
        joined = json.loads(await receive(ws))
        check((joined["seq"], joined["from"], joined["kind"]), (3, "alice", "join"))
        await ws.send(json.dumps({"text": "oi, <b>Olá</b>", "intended_at_ns": 7}))
        own = json.loads(await receive(ws))
        check(own.pop("published_at_ns") > 0, True)
        check(own, {"seq": 4, "from": "alice", "text": "oi, <b>Olá</b>", "intended_at_ns": 7})
        pong = await ws.ping(b"are you there?")
        await asyncio.wait_for(pong, PATIENCE_S)
        await ws.close(1000, "bye")
        check(ws.close_code, 1000)


async def lobby(base):
    """The lecture's address: one client writes, another one reads, both without `after`."""
    async with connect(f"{base}/chat?user=maria") as maria, connect(f"{base}/chat") as reader:
        check(maria.subprotocol, None)
        await maria.send(json.dumps({"text": "hello"}))
        frames = [await receive_text(maria), await receive_text(reader)]
        check(frames[0], frames[1])
        message = json.loads(frames[0])
        check((message["from"], message["text"]), ("maria", "hello"))
        check(message["intended_at_ns"], 0)


async def echo(base):
    async with connect(f"{base}/echo", max_size=None) as ws:
        for text in ("oi", "", "Olá \U0001f30d", "x" * LIMIT_BYTES):
            await ws.send(text)
            check(await receive(ws), text)
        await ws.close()
        check(ws.close_code, 1000)


async def refusals(base):
    """Messages that the server closes for: the client sees the code and what to change."""
    long = "x" * 200
    cases = [
        ("/feeds/feed/ws?user=alice", "{not JSON", 1007),
        ("/feeds/feed/ws?user=alice", json.dumps({"texte": "oi"}), 1007),
        ("/feeds/feed/ws?user=alice", json.dumps({"text": "oi", "intended_at_ns": long}), 1007),
        ("/feeds/feed/ws?user=alice", json.dumps({"text": " \n "}), 1008),
        ("/feeds/feed/ws?user=alice", json.dumps({"text": "x" * LIMIT_BYTES}), 1009),
        ("/feeds/feed/ws?user=alice", json.dumps({"text": "x" * LIMIT_BYTES * 64}), 1009),
        ("/echo", "x" * (LIMIT_BYTES + 1), 1009),
        ("/echo", "x" * LIMIT_BYTES * 64, 1009),
    ]
    failures = []
    for path, message, expected in cases:
        code, reason = await farewell(base + path, message)
        if code != expected or not reason:
            sent = f"{message[:60]} ({len(message)} characters) to {path}"
            failures.append(f"{sent}: closed with {code} {reason!r} in place of {expected}")
    check(failures, [])


async def farewell(url, message):
    """Code and reason of the close frame that a message causes; code 1006 if none came."""
    async with connect(url) as ws:
        try:
            await ws.send(message)
            answer = receive if url.endswith("/echo") else receive_text
            return None, f"not closed, but answered {(await answer(ws))[:60]!r}"
        except websockets.ConnectionClosed as closed:
            return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, str(closed))
        except asyncio.TimeoutError:
            return None, f"not closed within {PATIENCE_S} s"


CASES = {case.__name__: case for case in (read, conversation, lobby, echo, refusals)}

if __name__ == "__main__":
    asyncio.run(CASES[sys.argv[1]](sys.argv[2]))

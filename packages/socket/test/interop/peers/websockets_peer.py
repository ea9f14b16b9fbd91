"""Debian's python3-websockets (10.4) as a peer."""

import asyncio

import websockets
from session import run_peer
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory


class Wire:
    def __init__(self, socket, session):
        self.socket = socket
        self.session = session

    async def text(self, data, sizes):
        # Its fragments of text are strings: it cannot split a character.
        await self.socket.send(split(data, [min(size, len(data)) for size in sizes]) if sizes else data)

    async def binary(self, data, sizes):
        await self.socket.send(split(data, sizes) if sizes else data)

    async def ping(self, payload):
        answered = await self.socket.ping(payload)
        answered.add_done_callback(
            lambda done: done.exception() or asyncio.ensure_future(self.session.pong(payload))
        )

    async def close(self, code, reason):
        # It has no Close frame without a code.
        await self.socket.close(1000 if code is None else code, reason or "")


def split(data, sizes):
    pieces, at = [], 0
    for size in sizes:
        pieces.append(data[at : at + size])
        at += size
    return [*pieces, data[at:]]


async def follow(socket, session):
    session.pongs = []
    extensions = ", ".join(str(extension) for extension in socket.extensions)
    sending = asyncio.ensure_future(session.open(Wire(socket, session), socket.subprotocol, extensions))
    sending.add_done_callback(lambda done: done.exception() and not socket.closed and session.fail(done.exception()))
    closing = set()
    try:
        async for data in socket:
            # Closing waits for the answer, which is read here.
            task = asyncio.ensure_future(session.message(data))
            closing.add(task)
            task.add_done_callback(closing.discard)
            if session.spec["sends"] is None:
                await task
    except websockets.ConnectionClosed:
        pass
    await socket.wait_closed()
    session.closed(socket.close_code, socket.close_reason)


def options(spec):
    return {
        "subprotocols": spec["subprotocols"] or None,
        "max_size": spec["maxMessageBytes"],
        "ping_interval": None,
        "compression": None,
    }


def parameters(spec, names):
    return {names[name]: value for name, value in spec["compression"].items() if name in names}


NAMES = {
    "serverNoContextTakeover": "server_no_context_takeover",
    "clientNoContextTakeover": "client_no_context_takeover",
    "serverMaxWindowBits": "server_max_window_bits",
    "clientMaxWindowBits": "client_max_window_bits",
}


async def connect(url, spec, session):
    extensions = []
    if spec["compression"] is not None:
        wanted = {"client_max_window_bits": True, **parameters(spec, NAMES)}
        extensions = [ClientPerMessageDeflateFactory(**wanted)]
    async with websockets.connect(url, extensions=extensions, ssl=session.client_tls(), **options(spec)) as socket:
        await follow(socket, session)


async def listen(spec, session):
    extensions = []
    if spec["compression"] is not None:
        extensions = [ServerPerMessageDeflateFactory(**parameters(spec, NAMES))]
    server = await websockets.serve(
        lambda socket: follow(socket, session),
        "127.0.0.1",
        0,
        extensions=extensions,
        ssl=session.server_tls(),
        **options(spec),
    )
    return server.sockets[0].getsockname()[1], server.close


run_peer(connect, listen)

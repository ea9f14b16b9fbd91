"""Debian's python3-autobahn (22.7) on asyncio as a peer."""

import asyncio

from autobahn.asyncio.websocket import (
    WebSocketClientFactory,
    WebSocketClientProtocol,
    WebSocketServerFactory,
    WebSocketServerProtocol,
)
from autobahn.websocket.compress import (
    PerMessageDeflateOffer,
    PerMessageDeflateOfferAccept,
    PerMessageDeflateResponse,
    PerMessageDeflateResponseAccept,
)
from session import base64_of, run_peer


class Wire:
    def __init__(self, socket):
        self.socket = socket

    async def text(self, data, sizes):
        self.send(data.encode(), False, sizes)

    async def binary(self, data, sizes):
        self.send(data, True, sizes)

    def send(self, data, binary, sizes):
        if not sizes:
            self.socket.sendMessage(data, binary)
            return
        self.socket.beginMessage(binary)
        at = 0
        for size in sizes:
            self.socket.sendMessageFrame(data[at : at + size])
            at += size
        self.socket.endMessage()

    async def ping(self, payload):
        self.socket.sendPing(payload)

    async def close(self, code, reason):
        self.socket.sendClose(code, reason if code is not None else None)


class Following:
    """What a protocol of either role tells its session."""

    session = None
    sending = None

    def onOpen(self):
        self.session.pings, self.session.pongs = [], []
        # The names of what was agreed on, without parameters.
        extensions = self.websocket_extensions_in_use
        described = ", ".join(extension.EXTENSION_NAME for extension in extensions or [])
        opening = self.session.open(Wire(self), self.websocket_protocol_in_use, described)
        self.sending = asyncio.ensure_future(opening)
        self.sending.add_done_callback(lambda done: done.exception() and self.session.fail(done.exception()))

    async def onMessage(self, payload, isBinary):
        await self.session.message(payload if isBinary else payload.decode())

    def onPing(self, payload):
        self.session.pings.append(base64_of(payload))
        super().onPing(payload)

    def onPong(self, payload):
        asyncio.ensure_future(self.session.pong(payload))

    def onClose(self, wasClean, code, reason):
        # It says nothing of a Close frame without a code.
        self.session.closed(1005 if code is None else code, reason, wasClean)


class Client(Following, WebSocketClientProtocol):
    pass


class Server(Following, WebSocketServerProtocol):
    def onConnect(self, request):
        return next((name for name in self.session.spec["subprotocols"] if name in request.protocols), None)


def bits(value):
    return value or 0


async def connect(url, spec, session):
    def accept(response):
        if not isinstance(response, PerMessageDeflateResponse):
            return None
        return PerMessageDeflateResponseAccept(response)

    factory = WebSocketClientFactory(url, protocols=spec["subprotocols"] or None)
    wanted = spec["compression"]
    offers = []
    if wanted is not None:
        offers = [
            PerMessageDeflateOffer(
                request_no_context_takeover=wanted.get("serverNoContextTakeover", False),
                request_max_window_bits=bits(wanted.get("serverMaxWindowBits")),
            )
        ]
    configure(factory, Client, spec, session)
    factory.setProtocolOptions(perMessageCompressionOffers=offers, perMessageCompressionAccept=accept)
    loop = asyncio.get_running_loop()
    tls = session.client_tls()
    hostname = "localhost" if tls is not None else None
    await loop.create_connection(factory, "127.0.0.1", factory.port, ssl=tls, server_hostname=hostname)


async def listen(spec, session):
    wanted = spec["compression"]

    def accept(offers):
        for offer in offers:
            if wanted is None or not isinstance(offer, PerMessageDeflateOffer):
                continue
            return PerMessageDeflateOfferAccept(
                offer,
                request_no_context_takeover=wanted.get("clientNoContextTakeover", False),
                request_max_window_bits=bits(wanted.get("clientMaxWindowBits")) if offer.accept_max_window_bits else 0,
                no_context_takeover=wanted.get("serverNoContextTakeover"),
                window_bits=wanted.get("serverMaxWindowBits"),
            )
        return None

    factory = WebSocketServerFactory(protocols=spec["subprotocols"] or None)
    configure(factory, Server, spec, session)
    factory.setProtocolOptions(perMessageCompressionAccept=accept)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=session.server_tls())
    return server.sockets[0].getsockname()[1], server.close


def configure(factory, protocol, spec, session):
    factory.protocol = type("Bound", (protocol,), {"session": session})
    factory.setProtocolOptions(
        maxMessagePayloadSize=spec["maxMessageBytes"],
        # It tells the other side what is wrong before it leaves.
        failByDrop=False,
    )


run_peer(connect, listen)

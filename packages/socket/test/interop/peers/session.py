"""The Python side of support/session.ts and peers/run-peer.ts: one side of one connection, and the lines on stdio."""

import asyncio
import base64
import hashlib
import json
import ssl
import sys
import traceback

# How many messages are sent before what has come is looked at, so that both directions mix.
BATCH = 4


def digest(data):
    raw = data.encode() if isinstance(data, str) else bytes(data)
    kind = "text" if isinstance(data, str) else "binary"
    sha = base64.urlsafe_b64encode(hashlib.sha1(raw).digest()).decode()[:12]
    return f"{kind} {len(raw)} {sha}"


def base64_of(data):
    return base64.b64encode(data).decode()


class Item:
    def __init__(self, line):
        fields = json.loads(line)
        self.type = fields["type"]
        self.data = base64.b64decode(fields["data"])
        self.fragments = fields.get("fragments", [])


class Session:
    """`wire` sends: text, binary (each with the sizes of its fragments), ping, close; all coroutines."""

    def __init__(self, spec):
        self.spec = spec
        self.received = []
        # Nothing, unless the program tells of them.
        self.pings = None
        self.pongs = None
        self.last_ping = None
        self.has_sent_all = False
        self.has_closed = False
        self.protocol = ""
        self.extensions = None
        self.wire = None
        self.report = asyncio.get_running_loop().create_future()

    async def open(self, wire, protocol, extensions):
        self.wire, self.protocol, self.extensions = wire, protocol or "", extensions
        if self.spec["sends"] is not None:
            with open(self.spec["sends"], encoding="utf-8") as lines:
                items = [Item(line) for line in lines]
            for index, item in enumerate(items):
                if self.has_closed:
                    return
                if item.type == "text":
                    await wire.text(item.data.decode(), item.fragments)
                elif item.type == "binary":
                    await wire.binary(item.data, item.fragments)
                else:
                    await wire.ping(item.data)
                    if self.pongs is not None:
                        self.last_ping = base64_of(item.data)
                if index % BATCH == BATCH - 1:
                    await asyncio.sleep(0)
        self.has_sent_all = True
        await self.close_when_done()

    async def message(self, data):
        self.received.append(digest(data))
        if self.spec["sends"] is None:
            await (self.wire.text if isinstance(data, str) else self.wire.binary)(data, [])
        await self.close_when_done()

    async def pong(self, payload):
        self.pongs.append(base64_of(payload))
        await self.close_when_done()

    async def close_when_done(self):
        close = self.spec["close"]
        if close is None or not self.has_sent_all or self.has_closed or len(self.received) < self.spec["expects"]:
            return
        if self.last_ping is not None and self.last_ping not in self.pongs:
            return
        self.has_closed = True
        await self.wire.close(close.get("code"), close.get("reason"))

    def closed(self, code, reason, clean=None):
        self.has_closed = True
        if not self.report.done():
            self.report.set_result(
                {
                    "protocol": self.protocol,
                    "extensions": self.extensions,
                    "received": self.received,
                    "sendsPings": True,
                    "pings": self.pings,
                    "pongs": self.pongs,
                    "close": {"code": code, "reason": reason or "", "clean": clean},
                }
            )

    def fail(self, error):
        if not self.report.done():
            self.report.set_exception(error)

    def server_tls(self):
        tls = self.spec["tls"]
        if tls is None:
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls["cert"], tls["key"])
        return context

    def client_tls(self):
        tls = self.spec["tls"]
        return None if tls is None else ssl.create_default_context(cafile=tls["cert"])


def tell(event):
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


async def obey(command, connect, listen):
    session = Session(command)
    try:
        if command["do"] == "connect":
            task = asyncio.ensure_future(connect(command["url"], command, session))
            task.add_done_callback(lambda done: done.exception() and session.fail(done.exception()))
            report = await session.report
        else:
            port, end = await listen(command, session)
            tell({"id": command["id"], "event": "listening", "port": port})
            report = await session.report
            end()
        tell({"id": command["id"], "event": "report", "report": report})
    except Exception:
        tell({"id": command["id"], "event": "failed", "error": traceback.format_exc()})


def run_peer(connect, listen):
    """Reads commands from stdin, a line of JSON each, until it ends; writes what becomes of them to stdout."""

    async def main():
        loop = asyncio.get_running_loop()
        lines = asyncio.StreamReader(limit=2**20)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        tasks = set()
        while line := await lines.readline():
            task = asyncio.ensure_future(obey(json.loads(line), connect, listen))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    asyncio.run(main())

"""The application behind http-hooks.mjs: it says who clients are, and what they may read and write."""

import hashlib
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ.get("HOOK_SECRET", "change me: thirty-two bytes or more").encode()
USERS = {"Bearer secret-of-ada": "ada", "Bearer secret-of-bob": "bob"}
MAX_BODY_BYTES = 1024 * 1024


def connect(call, headers):
    user = USERS.get(headers.get("Authorization"))
    if user is None:
        return {"disconnect": {"code": 4501, "reason": "log in first"}}
    # meta comes back with each later call, and no client sees it.
    return {"result": {"user": user, "meta": {"since": int(time.time())}, "channels": [f"inbox-{user}"]}}


def subscribe(call, headers):
    if call["channel"] in ("lobby", f"inbox-{call['user']}"):
        return {"result": {}}
    return {"error": {"code": 403, "message": "not for you"}}


def publish(call, headers):
    text = call["data"]
    if call["channel"] != "lobby" or not isinstance(text, str) or not 0 < len(text.strip()) <= 500:
        return {"error": {"code": 422, "message": "1 to 500 characters, in the lobby"}}
    return {"result": {"data": {"from": call["user"], "text": text.strip()}}}


def rpc(call, headers):
    if call["method"] != "since":
        return {"error": {"code": 104, "message": "method not found"}}
    return {"result": {"data": call["meta"]["since"]}}


def disconnected(call, headers):
    print(f"{call['user']} went: {call['disconnect']['code']} {call['disconnect']['reason']}", flush=True)
    return {}


HOOKS = {hook.__name__: hook for hook in (connect, subscribe, publish, rpc, disconnected)}


def is_from_hub(header: str, body: bytes, secret: bytes) -> bool:
    parts = [part.partition("=")[::2] for part in header.split(",")]
    sent = dict(parts).get("t", "")
    expected = hmac.new(secret, sent.encode() + b"." + body, hashlib.sha256).hexdigest()
    signed = any(hmac.compare_digest(value.encode(), expected.encode()) for key, value in parts if key == "v1")
    return signed and sent.isdecimal() and abs(time.time() - int(sent)) < 300


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections
    wbufsize = -1  # head and body in one write

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > MAX_BODY_BYTES:
            return self.answer(413, {})
        body = self.rfile.read(length)
        if not is_from_hub(self.headers.get("Wigwag-Signature", ""), body, SECRET):
            return self.answer(403, {})
        call = json.loads(body)
        # What is signed says which hook it is: a call that was overheard is good for no other.
        self.answer(200, HOOKS[call["event"]](call, self.headers))

    def answer(self, status, fields):
        body = json.dumps(fields).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 413:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8001))), Handler)
    print(f"deciding on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()

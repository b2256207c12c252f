"""A proxy before a store, which sees every request and can let each fail in the ways of a network."""

import http.client
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Request:
    """A request as it came."""

    method: str
    key: str
    """Name of the object, without the bucket; empty for the bucket itself."""
    query: dict
    headers: dict
    body: bytes = b""

    @property
    def is_conditional(self):
        return self.headers.get("if-none-match") == "*"


@dataclass
class Answer:
    """What is said instead of the store."""

    status: int
    code: str = "InternalError"


@dataclass
class Drop:
    """The connection ends: before the store hears of it, with half of the body read, or after it has done it."""

    after: bool = False


@dataclass
class Cut:
    """The connection ends in the middle of an answer."""


@dataclass
class Slow:
    """The store is asked so many seconds later."""

    seconds: float


@dataclass
class Proxy:
    """Set `fault`, which is asked of each request what happens to it: none for nothing."""

    host: str
    port: int
    fault: object = None
    seen: list = field(default_factory=list)
    """All requests that the store has answered, in the order of its answers."""

    def __post_init__(self):
        self.lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def reset(self):
        self.fault = None
        self.seen.clear()

    def fault_of(self, request):
        with self.lock:
            return self.fault(request) if self.fault else None

    def puts(self):
        """Keys that were put, whole or completed from pieces, in order."""
        return [r.key for r in self.seen if r.method == ("POST" if "uploadId" in r.query else "PUT") and "partNumber" not in r.query]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_any(self):
        split = urlsplit(self.path)
        _, _, key = unquote(split.path).lstrip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, key, query, headers)
        length = int(headers.get("content-length", 0))
        fault = self.proxy.fault_of(request)
        if isinstance(fault, Drop) and not fault.after:
            self.rfile.read(length // 2)
            return self.hang_up()
        request.body = self.rfile.read(length)
        if isinstance(fault, Slow):
            time.sleep(fault.seconds)
        if isinstance(fault, Answer):
            body = f"<?xml version='1.0'?><Error><Code>{fault.code}</Code><Message>injected</Message></Error>"
            return self.answer(fault.status, {"Content-Type": "application/xml"}, body.encode())
        status, said, body = self.forward(request)
        with self.proxy.lock:
            self.proxy.seen.append(request)
        if isinstance(fault, Drop):
            return self.hang_up()
        if isinstance(fault, Cut) and len(body) > 1:
            self.answer(status, said, body, len(body) // 2)
            return self.hang_up()
        return self.answer(status, said, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_any

    def forward(self, request):
        upstream = http.client.HTTPConnection(self.proxy.host, self.proxy.port, timeout=60)
        upstream.request(self.command, self.path, request.body, dict(self.headers.items()))
        answer = upstream.getresponse()
        body = answer.read()
        length = answer.getheader("content-length") if self.command == "HEAD" else None
        said = {name: value for name, value in answer.getheaders() if name.lower() not in _OWN}
        upstream.close()
        return answer.status, said | ({"Content-Length": length} if length else {}), body

    def answer(self, status, headers, body, sent=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.command != "HEAD":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:sent])
            self.wfile.flush()

    def hang_up(self):
        # With a reset, as a machine that is gone.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    def log_message(self, *_):
        pass


_OWN = {"connection", "content-length", "date", "server", "transfer-encoding", "keep-alive"}

"""A web server that does what it is told to, well or badly. Real sockets, one thread a connection."""

from __future__ import annotations

import hashlib
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import orjson

DATE = "Tue, 24 Nov 2026 12:00:00 GMT"
CHANGED = "Mon, 23 Nov 2026 12:00:00 GMT"


class Asked(NamedTuple):
    """A request that came in."""

    path: str
    headers: dict[str, str]


class Reply:
    """What to answer a request with. Everything is written as it is given: nothing is made right."""

    def __init__(self, status=200, headers=None, body=b"", length=None, cut=None):
        self.status, self.headers, self.body = status, headers or {}, body
        self.length = len(body) if length is None else length
        self.cut = cut


Behave = Callable[[Asked, int], Reply]
"""From a request and how many came before it for the same path."""


class Server:
    """Paths and what they do, and what was asked."""

    def __init__(self, address):
        self.address = address
        self.paths: dict[str, Behave] = {}
        self.asked: list[Asked] = []

    def __setitem__(self, path, behave):
        self.paths[path] = behave if callable(behave) else lambda *_: behave

    def at(self, path):
        return self.address + path


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server on this machine, and what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
            path = self.path.split("?")[0]
            before = sum(one.path.split("?")[0] == path for one in server.asked)
            server.asked.append(asked)
            behave = server.paths.get(path)
            reply = behave(asked, before) if behave else Reply(404, body=b"no")
            self.send_response_only(reply.status)
            self.send_header("Date", DATE)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.length is not False and reply.status != 304:
                self.send_header("Content-Length", str(reply.length))
            self.end_headers()
            self.close_connection = True
            try:
                if callable(reply.body):
                    reply.body(self.wfile)
                else:
                    self.wfile.write(reply.body if reply.cut is None else reply.body[: reply.cut])
            except (BrokenPipeError, ConnectionResetError):
                pass  # whoever asked has gone

        def log_message(self, *_):
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    with Quiet(("127.0.0.1", 0), Handler) as http:
        if tls:
            http.socket = tls.wrap_socket(http.socket, server_side=True)
        server = Server(f"http://127.0.0.1:{http.server_address[1]}")
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            http.shutdown()
            thread.join()


def file(content, *, etag='"v1"', cut=None, **headers) -> Behave:
    """A file as a good server gives it: ranges, conditions, a checksum. `cut` breaks each answer off after so many bytes."""
    whole = {"Repr-Digest": f"sha-256=:{b64encode(hashlib.sha256(content).digest()).decode()}:"}
    whole |= {"ETag": etag} if etag else {}
    whole |= {name.replace("_", "-"): value for name, value in headers.items()}

    def behave(asked, _):
        if etag and asked.headers.get("if-none-match") == etag:
            return Reply(304, whole)
        if "range" in asked.headers and asked.headers.get("if-range") == etag:
            start = int(asked.headers["range"].removeprefix("bytes=").removesuffix("-"))
            said = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
            return Reply(206, whole | said, content[start:], cut=cut)
        return Reply(200, whole, content, cut=cut)

    return behave


def answer(content) -> Reply:
    """JSON."""
    return Reply(200, {"Content-Type": "application/json"}, orjson.dumps(content))


def serve_v3(server, root, tables, page=None):
    """As CBS does in OData 3: $top and $skip; with `page`, as its feed does: links inside the window."""
    context = f"http://opendata.example.nl{root}/$metadata"
    server[root] = answer({"odata.metadata": context, "value": [{"name": name, "url": name} for name in tables]})

    def behave(asked, _):
        parts = urlsplit(asked.path)
        name, query = parts.path.rpartition("/")[2], parse_qs(parts.query)
        top, skip = int(query["$top"][0]), int(query["$skip"][0])
        found = {"odata.metadata": f"{context}#{name}", "value": tables[name][skip : skip + min(top, page or top)]}
        if page and top > page and len(tables[name]) > skip + page:
            # CBS links to http, and with the host that it is known by.
            rest = f"$format=json&$top={top - page}&$skip={skip + page}"
            found["odata.nextLink"] = f"http://127.0.0.1{parts.path}?{rest}"
        return answer(found)

    for name in tables:
        server[f"{root}/{name}"] = behave


def serve_v4(server, root, tables, page=2_000, modified="2024-02-01"):
    """As CBS does in OData 4: links to the next page, and one thing that is no list."""
    context = f"{server.at(root)}/$metadata"
    names = [{"name": name, "kind": "EntitySet", "url": name} for name in tables]
    server[root] = answer({"@odata.context": context, "value": [{"name": "Properties", "kind": "Singleton"}, *names]})
    server[f"{root}/Properties"] = answer({"@odata.context": f"{context}#Properties", "Modified": modified})

    def behave(asked, _):
        parts = urlsplit(asked.path)
        name, skip = parts.path.rpartition("/")[2], int(parse_qs(parts.query).get("$skip", ["0"])[0])
        found = {"@odata.context": f"{context}#{name}", "value": tables[name][skip : skip + page]}
        if len(tables[name]) > skip + page:
            found["@odata.nextLink"] = f"{server.at(parts.path)}?$skip={skip + page}"
        return answer(found)

    for name in tables:
        server[f"{root}/{name}"] = behave

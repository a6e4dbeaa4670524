"""The server of the lesson: its files from memory, an address that compiles a formula, one that checks a proof.

It listens on this machine alone unless told otherwise. Nobody logs in, so what keeps other websites
out is checked at every request: the Host header must be a name of this server (a page elsewhere
cannot make its own name point here), a POST must come from one of its own pages, and no answer may
be framed, sniffed or read from elsewhere.
"""

from __future__ import annotations

import gzip
import hashlib
import ipaddress
import json
import mimetypes
import re
import socket
import sys
import threading
import webbrowser
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nonlin.errors import NonlinError
from nonlin.lesson import POLICY, site
from nonlin.proof.request import RequestError, read_request
from nonlin.workers import (
    FAILED,
    Crowded,
    Pool,
    TooSlow,
    Unavailable,
    WrongRequest,
    checked,
    refusal,
    why_not,
)

__all__ = ["DEFAULT_PORT", "create_app", "serve"]

DEFAULT_PORT = 8765
MOST_BODY = 16 * 1024
BODY_SECONDS = 10.0
_REMEMBERED = 64
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_LESSON = re.compile(r"/(index(\.[\w-]+)?\.html)?")  # in any of its languages
_HASHED = re.compile(r"assets/.+-[\w-]{8}\.\w+")
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".woff2": "font/woff2",
}
_SHRINK = frozenset({".html", ".css", ".js", ".json", ".txt", ".svg", ".wasm"})
_SMALL = 1000  # bytes that fit into one packet, compressed or not
_HEADERS = [
    (b"content-security-policy", f"{POLICY}; frame-ancestors 'self'".encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


class _Refused(Exception):
    """A request to be answered with an error."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        self.status, self.message, self.hint = status, message, hint


def create_app(
    files: Mapping[str, bytes] | None = None,
    *,
    host: str = "127.0.0.1",
    pool: Pool | None = None,
    lesson: Path | None = None,
) -> ASGIApp:
    """The application.

    Parameters
    ----------
    files
        What it serves, by path; the lesson if not given.
    host
        The address that it will be bound to. Requests by another name are refused.
    pool
        Who compiles formulas.
    lesson
        A Markdown file to serve instead of the lesson. It is read again whenever its page is asked for,
        so that whoever writes it sees it; what is wrong with it stands in the answer then.
    """
    pool = pool or Pool()
    desk = _Desk(pool)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=pool.warm, daemon=True).start()
        yield
        await anyio.to_thread.run_sync(pool.close)

    shelf = _shelf(site(server=True, lesson=lesson) if files is None else files)

    async def static(request: Request) -> Response:
        path = request.url.path
        if lesson is not None and _LESSON.fullmatch(path):
            try:
                files = await anyio.to_thread.run_sync(partial(site, server=True, lesson=lesson))
            except NonlinError as error:  # of the lesson, or of an exercise beside it
                return PlainTextResponse(f"{error}\n", 500, headers={"cache-control": "no-store"})
            shelf.clear()
            shelf.update(_shelf(files))
        file = shelf.get(path)
        if file is None:
            return PlainTextResponse("There is no such page.\n", 404)
        return file.answer(request)

    routes = [
        Route("/api/define", desk.define, methods=["POST"]),
        Route("/api/check", desk.check, methods=["POST"]),
        Route("/{path:path}", static, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={_Refused: _refusal, HTTPException: _http_error, Exception: _failure},
    )
    return _Guard(app, host)


def _shelf(files: Mapping[str, bytes]) -> dict[str, _File]:
    shelf = {f"/{path}": _File(path, data) for path, data in files.items()}
    if "/index.html" in shelf:
        shelf["/"] = shelf["/index.html"]
    return shelf


class _Guard:
    """Checks where a request comes from, and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app = app
        self.any_address = _is_wildcard(host)
        self.hosts = _LOCAL | {_bracketed(host).lower()}
        if self.any_address:
            self.hosts |= {socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        refusal = self._refusal(scope)
        app = self.app if refusal is None else _error(*refusal)
        await app(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        given = [(k, v.decode("latin-1")) for k, v in scope["headers"]]
        hosts = [v for k, v in given if k == b"host"]
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return 421, "this server does not go by that name"
        if scope["method"] in {"GET", "HEAD"}:
            return None
        own = f"{scope['scheme']}://{hosts[0]}".lower()
        origins = [v.lower() for k, v in given if k == b"origin"]
        sites = [v for k, v in given if k == b"sec-fetch-site"]
        if any(o != own for o in origins) or any(s not in {"same-origin", "none"} for s in sites):
            return 403, "only this server's own pages may ask for that"
        return None

    def _is_ours(self, header: str) -> bool:
        match = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]@/\s]+)(?::\d{1,5})?", header.lower())
        if match is None:
            return False
        name = match.group(1)
        # A numeric address cannot be made to point here by somebody else's name server.
        return name in self.hosts or (self.any_address and _is_address(name))


class _File:
    """One file in memory, with what its answers say about it."""

    def __init__(self, path: str, data: bytes) -> None:
        suffix = path[path.rfind(".") :]
        kind = _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        digest = hashlib.sha256(data).hexdigest()[:32]
        kept = "public, max-age=31536000, immutable" if _HASHED.fullmatch(path) else "no-cache"
        self.data = data
        self.shrinks = len(data) > _SMALL and suffix in _SHRINK
        self.etags = {"": f'"{digest}"', "gzip": f'"{digest}-gzip"'}
        self.headers = {"content-type": kind, "cache-control": kept}
        if self.shrinks:
            self.headers["vary"] = "accept-encoding"

    def answer(self, request: Request) -> Response:
        zipped = self.shrinks and _takes_gzip(request.headers.get("accept-encoding", ""))
        headers = {**self.headers, "etag": self.etags["gzip" if zipped else ""]}
        known = re.findall(r'"[^"]*"', request.headers.get("if-none-match", ""))
        if headers["etag"] in known:
            del headers["content-type"]
            return Response(status_code=304, headers=headers)
        if zipped:
            headers["content-encoding"] = "gzip"
        return Response(_zipped(self.data) if zipped else self.data, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """What the header says of gzip, which a q of 0 forbids."""
    for item in accepted.lower().split(","):
        name, _, weight = item.partition(";")
        if name.strip() == "gzip":
            return re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", weight) is None
    return False


@lru_cache(maxsize=128)
def _zipped(data: bytes) -> bytes:
    """The same compressed, once for all who ask."""
    return gzip.compress(data, 6, mtime=0)


class _Desk:
    """Takes formulas to the workers, and remembers the answers."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.memory: OrderedDict[str, dict[str, Any]] = OrderedDict()
        # Threads that wait for workers; the pool turns away more than it has room for.
        self.threads = anyio.CapacityLimiter(32)

    async def define(self, request: Request) -> Response:
        wanted = _read(await _body(request))
        key = json.dumps(wanted, sort_keys=True)
        answer = self.memory.get(key)
        if answer is None:
            answer = await self._compile(wanted)
            if "function" in answer:
                self.memory[key] = answer
                if len(self.memory) > _REMEMBERED:
                    self.memory.popitem(last=False)
        else:
            self.memory.move_to_end(key)
        status = 422 if "error" in answer else 200
        return JSONResponse(answer, status, headers={"cache-control": "no-store"})

    async def check(self, request: Request) -> Response:
        wanted = _read_proof(await _body(request))
        answer = await self._compile({"check": wanted})
        status = 422 if "error" in answer else 200
        return JSONResponse(answer, status, headers={"cache-control": "no-store"})

    async def _compile(self, wanted: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = await anyio.to_thread.run_sync(self.pool.run, wanted, limiter=self.threads)
        except (Crowded, TooSlow, Unavailable) as error:
            status = {Crowded: 429, TooSlow: 504, Unavailable: 503}[type(error)]
            raise _Refused(status, *why_not(error, self.pool.seconds)) from None
        if "failed" in answer:
            raise _Refused(500, FAILED)
        return answer


async def _body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise _Refused(415, "send the formula as application/json")
    data = bytearray()
    try:
        with anyio.fail_after(BODY_SECONDS):
            async for chunk in request.stream():
                data += chunk
                if len(data) > MOST_BODY:
                    raise _Refused(413, f"a request has at most {MOST_BODY} bytes")
    except TimeoutError:
        raise _Refused(408, "the request did not arrive in time") from None
    except ClientDisconnect:
        raise _Refused(400, "the request broke off") from None
    return bytes(data)


def _read_proof(body: bytes) -> dict[str, Any]:
    """The lines of a proof in the body, every part of it checked."""
    try:
        return read_request(_read_json(body))
    except RequestError as error:
        raise _Refused(422, str(error)) from None


def _read_json(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _Refused(422, "the request is not JSON") from None


def _read(body: bytes) -> dict[str, Any]:
    """The formula in the body, every part of it checked."""
    given = _read_json(body)
    try:
        return checked(given)
    except WrongRequest as error:
        raise _Refused(422, error.message, error.hint) from None


def _error(status: int, message: str, hint: str = "") -> JSONResponse:
    answer = refusal(message, hint=hint)
    return JSONResponse(answer, status, headers={"cache-control": "no-store"})


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, _Refused)
    return _error(error.status, error.message, error.hint)


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = _error(error.status_code, error.detail)
    answer.headers.update(error.headers or {})
    return answer


async def _failure(_: Request, error: Exception) -> Response:
    return _error(500, "nonlin failed; that is a mistake of ours")


# -- listening -------------------------------------------------------------------------------


def serve(
    host: str = "127.0.0.1",
    port: int | None = None,
    *,
    open_browser: bool = True,
    lesson: Path | None = None,
) -> None:
    """Serve the lesson until interrupted.

    Parameters
    ----------
    host
        The address to listen on. Anything but this machine's own makes the server public.
    port
        0 takes any free one; None takes 8765, or the next that is free.
    lesson
        A Markdown file to serve instead of the lesson.

    Raises
    ------
    OSError
        The address or the port cannot be had.
    """
    listener = _listen(host, port)
    reached = _bracketed("127.0.0.1" if _is_wildcard(host) else host)
    url = f"http://{reached}:{listener.getsockname()[1]}/"
    if not _is_loopback(host):
        print(
            f"Listening on {host}: everyone who can reach this machine can use it.", file=sys.stderr
        )
    app = create_app(host=host, lesson=lesson)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, ws="none",
        timeout_keep_alive=5, timeout_graceful_shutdown=3, h11_max_incomplete_event_size=MOST_BODY,
        proxy_headers=False,
    )  # fmt: skip
    _Server(config, url, open_browser).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says where it is once it answers there."""

    def __init__(self, config: uvicorn.Config, url: str, open_browser: bool) -> None:
        super().__init__(config)
        self.url, self.open_browser = url, open_browser

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.should_exit:
            return
        print(f"nonlin is at {self.url} (Ctrl+C stops it)", flush=True)
        if self.open_browser:
            threading.Thread(target=webbrowser.open, args=(self.url,), daemon=True).start()


def _listen(host: str, port: int | None) -> socket.socket:
    candidates = range(DEFAULT_PORT, DEFAULT_PORT + 50) if port is None else [port]
    family = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][0]
    failure: OSError | None = None
    for candidate in candidates:
        listener = socket.socket(family, socket.SOCK_STREAM)
        if sys.platform != "win32":  # there it would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, candidate))
            listener.listen(128)
        except OSError as error:
            listener.close()
            failure = error
        else:
            return listener
    assert failure is not None
    raise failure


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _is_wildcard(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_unspecified


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)

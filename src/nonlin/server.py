"""The server of the lesson: its files from memory, an address that compiles a formula, one that checks a proof.

It listens on this machine alone unless told otherwise. Nobody logs in, so what keeps other websites
out is checked at every request: the Host header must be a name of this server (a page elsewhere
cannot make its own name point here), a POST must come from one of its own pages, and no answer may
be framed, sniffed or read from elsewhere.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import math
import mimetypes
import re
import socket
import sys
import threading
import webbrowser
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
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

from nonlin.lesson import POLICY, site
from nonlin.proof.request import RequestError, read_request
from nonlin.workers import MOST_PARAMETERS, Crowded, Pool, TooSlow, Unavailable

__all__ = ["DEFAULT_PORT", "create_app", "serve"]

DEFAULT_PORT = 8765
MOST_BODY = 16 * 1024
BODY_SECONDS = 10.0
_REMEMBERED = 64
_LOCAL = frozenset({"localhost", "127.0.0.1", "[::1]"})
_HASHED = re.compile(r"assets/.+-[\w-]{8}\.\w+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")
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
    files: Mapping[str, bytes] | None = None, *, host: str = "127.0.0.1", pool: Pool | None = None
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
    """
    pool = pool or Pool()
    desk = _Desk(pool)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        threading.Thread(target=pool.warm, daemon=True).start()
        yield
        await anyio.to_thread.run_sync(pool.close)

    served = site(server=True) if files is None else files
    shelf = {f"/{path}": _File(path, data) for path, data in served.items()}
    if "/index.html" in shelf:
        shelf["/"] = shelf["/index.html"]

    async def static(request: Request) -> Response:
        file = shelf.get(request.url.path)
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
        self.data = data
        self.headers = {
            "content-type": kind,
            "etag": f'"{hashlib.sha256(data).hexdigest()[:32]}"',
            "cache-control": "public, max-age=31536000, immutable"
            if _HASHED.fullmatch(path)
            else "no-cache",
        }

    def answer(self, request: Request) -> Response:
        known = re.findall(r'"[^"]*"', request.headers.get("if-none-match", ""))
        if self.headers["etag"] in known:
            kept = {k: v for k, v in self.headers.items() if k != "content-type"}
            return Response(status_code=304, headers=kept)
        return Response(self.data, headers=self.headers)


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
        except Crowded:
            raise _Refused(
                429, "too many formulas at once", "wait for the others, then try again"
            ) from None
        except TooSlow:
            raise _Refused(
                504, f"this formula took longer than {self.pool.seconds:g} s", "try a simpler one"
            ) from None
        except Unavailable as error:
            raise _Refused(503, str(error), "try again in a moment") from None
        if "failed" in answer:
            raise _Refused(500, "nonlin failed at this formula; that is a mistake of ours")
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
    if not isinstance(given, dict) or not isinstance(given.get("formula"), str):
        raise _Refused(422, 'the request is not of the form {"formula": "…"}')
    if unknown := sorted(set(given) - {"formula", "name", "parameters"}):
        raise _Refused(422, f"the request has an unknown part: {unknown[0]!r:.60}")
    name = given.get("name")
    if name is not None and not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise _Refused(422, "that is no name", "use up to 32 letters, digits and _")
    parameters = given.get("parameters") or {}
    if not isinstance(parameters, dict):
        raise _Refused(422, "parameters are names with numbers")
    if len(parameters) > MOST_PARAMETERS:
        raise _Refused(
            422, f"{len(parameters)} parameters are too many", f"{MOST_PARAMETERS} are the most"
        )
    values = {key: _number(key, value) for key, value in parameters.items()}
    return {"formula": given["formula"], "name": name, "parameters": values}


def _number(name: str, value: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if math.isfinite(number):
            return number
    raise _Refused(422, f"the parameter {name:.40} is not a finite number")


def _error(status: int, message: str, hint: str = "") -> JSONResponse:
    refusal = {"message": message, "position": None, "length": 1, "hint": hint}
    return JSONResponse({"error": refusal}, status, headers={"cache-control": "no-store"})


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


def serve(host: str = "127.0.0.1", port: int | None = None, *, open_browser: bool = True) -> None:
    """Serve the lesson until interrupted.

    Parameters
    ----------
    host
        The address to listen on. Anything but this machine's own makes the server public.
    port
        0 takes any free one; None takes 8765, or the next that is free.

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
    app = create_app(host=host)
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

"""The server: who may ask, what it answers, and that a hostile formula costs it nothing lasting."""

from __future__ import annotations

import base64
import http.client
import json
import math
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import nonlin
from nonlin import server, workers
from nonlin.art.balance import balance, detail
from nonlin.lesson import POLICY
from nonlin.server import create_app
from nonlin.workers import Crowded, Pool, TooSlow, Unavailable

FILES = {
    "index.html": b"<!doctype html><title>lesson</title>",
    "assets/page-AbCd1234.js": b"export {}",
    "data/catalogue.json": b"{}",
    "data/catalogue.wasm": b"\0asm",
    "favicon.svg": b"<svg/>",
}
LOCAL = "http://127.0.0.1:8765"


class Fake(Pool):
    """A pool whose answers are given, and which notes what it was asked."""

    def __init__(self, answer: Any = None) -> None:
        super().__init__(workers=1)
        self.answer = answer or {"function": {"name": "f"}, "wasm": "AGFzbQ=="}
        self.asked: list[Mapping[str, Any]] = []

    def warm(self) -> None:
        """Starts nothing."""

    def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return dict(self.answer)


def client(answer: Any = None, *, host: str = "127.0.0.1", base: str = LOCAL) -> Any:
    pool = Fake(answer)
    made: Any = TestClient(
        create_app(FILES, host=host, pool=pool), base_url=base, raise_server_exceptions=False
    )
    made.pool = pool
    return made


# -- who may ask ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1:8765", "LOCALHOST:1", "[::1]:8765"])
def test_own_names_are_answered(name: str) -> None:
    assert client().get("/", headers={"Host": name}).status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "localhost@evil",
        "",
        "[",
        "10.0.0.1",
        "127.0.0.1:port",
        "localhost:80:80",
        "[::1",
        "evil.example#localhost",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    for path in ("/", "/data/catalogue.json"):
        assert client().get(path, headers={"Host": name}).status_code == 421
    asking = client()
    answer = asking.post("/api/define", json={"formula": "z"}, headers={"Host": name})
    assert answer.status_code == 421
    assert asking.pool.asked == []


def test_the_bound_host_is_a_name_too_and_a_wildcard_takes_addresses_but_no_names() -> None:
    assert client(host="lab.example").get("/", headers={"Host": "lab.example"}).status_code == 200
    everywhere = client(host="0.0.0.0")
    assert everywhere.get("/", headers={"Host": "192.168.1.5:8765"}).status_code == 200
    assert everywhere.get("/", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8765"},
        {"Origin": LOCAL, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_pages_of_others_may_not_have_formulas_compiled(headers: dict[str, str]) -> None:
    asking = client()
    answer = asking.post("/api/define", json={"formula": "z"}, headers=headers)
    assert answer.status_code == 403
    assert asking.pool.asked == []
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": LOCAL}, {"Origin": LOCAL, "Sec-Fetch-Site": "same-origin"}]
)
def test_own_pages_may(headers: dict[str, str]) -> None:
    assert client().post("/api/define", json={"formula": "z"}, headers=headers).status_code == 200


def test_every_answer_has_the_security_headers() -> None:
    asking = client(ValueError("a mistake"))
    answers = [
        asking.get("/"),
        asking.get("/nowhere"),
        asking.get("/", headers={"Host": "evil.example"}),
        asking.get("/api/define"),
        asking.request("DELETE", "/"),
        asking.post("/api/define", content=b"z"),
        asking.post("/api/define", json={"formula": "z"}),
        asking.get("/", headers={"If-None-Match": asking.get("/").headers["etag"]}),
    ]
    assert [a.status_code for a in answers] == [200, 404, 421, 404, 405, 415, 500, 304]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert policy == f"{POLICY}; frame-ancestors 'self'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "unsafe-inline" not in POLICY
    assert "unsafe-eval'" not in POLICY.replace("'wasm-unsafe-eval'", "")
    assert "mistake" not in answers[6].json()["error"]["message"].replace("mistake of ours", "")


# -- files ------------------------------------------------------------------------------------


def test_files_have_their_types_and_are_kept_as_long_as_they_are_true() -> None:
    asking = client()
    kinds = {
        "/": "text/html; charset=utf-8",
        "/assets/page-AbCd1234.js": "text/javascript; charset=utf-8",
        "/data/catalogue.json": "application/json",
        "/data/catalogue.wasm": "application/wasm",
        "/favicon.svg": "image/svg+xml",
    }
    for path, kind in kinds.items():
        answer = asking.get(path)
        assert answer.headers["content-type"] == kind
        assert ("immutable" in answer.headers["cache-control"]) == path.startswith("/assets/")
        again = asking.get(path, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert asking.head("/").headers["content-length"] == str(len(FILES["index.html"]))


def test_what_shrinks_is_sent_compressed_to_whoever_takes_it() -> None:
    text = b"function(){}" * 1000
    files = {**FILES, "assets/page-AbCd1234.js": text, "assets/a-AbCd1234.woff2": text}
    asking = TestClient(create_app(files, pool=Fake()), base_url=LOCAL)

    def get(path: str, accepted: str, **headers: str) -> Any:
        return asking.get(path, headers={"accept-encoding": accepted, **headers})

    zipped = get("/assets/page-AbCd1234.js", "br, gzip;q=0.8")
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.headers["vary"] == "accept-encoding"
    assert int(zipped.headers["content-length"]) < len(text) / 10
    assert zipped.content == text
    for accepted in ("identity", "br", "gzip;q=0", "gzip; q=0.00", ""):
        plain = get("/assets/page-AbCd1234.js", accepted)
        assert "content-encoding" not in plain.headers and plain.content == text
    # Each form has a name of its own, so that neither is taken for the other.
    assert plain.headers["etag"] != zipped.headers["etag"]
    known = {"If-None-Match": zipped.headers["etag"]}
    assert get("/assets/page-AbCd1234.js", "gzip", **known).status_code == 304
    assert get("/assets/page-AbCd1234.js", "identity", **known).status_code == 200
    # What is small, or compressed already, stays as it is.
    assert "content-encoding" not in get("/", "gzip").headers
    assert "content-encoding" not in get("/assets/a-AbCd1234.woff2", "gzip").headers


@pytest.mark.parametrize(
    "path", ["/../pyproject.toml", "/%2e%2e/pyproject.toml", "/assets/", "/assets/../index.html/x", "/index.html%00", "/assets//page-AbCd1234.js", "/data\\catalogue.json"]
)  # fmt: skip
def test_there_is_nothing_else(path: str) -> None:
    assert client().get(path).status_code == 404


# -- requests for formulas --------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"\xff", b"[" * 15_000, b"[]", b"{}", b'{"formula": 1}', b'"z"']
    + [b'{"formula": "z", "parameters": {"a": %s}}' % v for v in (b"NaN", b"1e999", b"true", b'"1"')]
    + [b'{"formula": "z", "parameters": {"a": 1%s}}' % (b"0" * 400), b'{"formula":"z","more":1}']
    + [b'{"formula": "z", "parameters": [1]}', b'{"formula": "z", "name": "a b"}'],
)  # fmt: skip
def test_requests_that_are_none(body: bytes) -> None:
    asking = client()
    answer = asking.post("/api/define", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert set(error) == {"message", "position", "length", "hint"}
    assert error["message"]
    assert asking.pool.asked == []


def test_parameters_are_counted() -> None:
    many = {f"a{i}": 1.0 for i in range(9)}
    answer = client().post("/api/define", json={"formula": "z", "parameters": many})
    assert answer.status_code == 422


def test_large_requests_and_other_types_are_refused() -> None:
    asking = client()
    headers = {"Content-Type": "application/json"}

    def parts() -> Iterator[bytes]:
        for _ in range(50):
            yield b" " * 1024

    for body in (b" " * 20_000, parts()):
        assert asking.post("/api/define", content=body, headers=headers).status_code == 413
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = asking.post(
            "/api/define", content=b'{"formula":"z"}', headers={"Content-Type": kind}
        )
        assert answer.status_code == 415


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Crowded(), 429),
        (TooSlow(), 504),
        (Unavailable("the compiler did not start"), 503),
        ({"failed": True}, 500),
        ({"error": {"message": "no", "position": 3, "length": 2, "hint": ""}}, 422),
    ],
)
def test_what_can_go_wrong_is_told(answer: Any, status: int) -> None:
    told = client(answer).post("/api/define", json={"formula": "z"})
    assert told.status_code == status
    assert set(told.json()["error"]) == {"message", "position", "length", "hint"}


def test_answers_are_remembered_but_not_refusals() -> None:
    asking = client()
    for _ in range(3):
        asking.post("/api/define", json={"formula": "z * 2", "parameters": {}})
    asking.post("/api/define", json={"formula": "z * 3"})
    assert [r["formula"] for r in asking.pool.asked] == ["z * 2", "z * 3"]
    refusing = client({"error": {"message": "no", "position": None, "length": 1, "hint": ""}})
    for _ in range(2):
        refusing.post("/api/define", json={"formula": "z"})
    assert len(refusing.pool.asked) == 2
    for i in range(100):
        asking.post("/api/define", json={"formula": f"z + {i}"})
    asking.post("/api/define", json={"formula": "z * 2"})
    assert asking.pool.asked[-1]["formula"] == "z * 2"


# -- workers ----------------------------------------------------------------------------------


def test_compile_formula_gives_what_the_pages_expect() -> None:
    answer = workers.compile_formula({"formula": "max(a*z, z)", "name": "yours"})
    assert answer["function"]["name"] == "yours"
    assert [(p["name"], p["default"]) for p in answer["function"]["parameters"]] == [("a", 1.0)]
    assert base64.b64decode(answer["wasm"])[:4] == b"\0asm"
    json.dumps(answer, allow_nan=False)


def test_what_networks_need_of_a_formula_comes_where_it_is_asked_for() -> None:
    request = {"formula": "max(z, 0.1*z)"}
    plain = workers.compile_formula(workers.checked(request))
    asked = workers.compile_formula(workers.checked({**request, "engine": True}))
    engine = asked.pop("engine")
    assert asked == plain
    code = base64.b64decode(engine["wasm"])
    assert code[:4] == b"\0asm" and len(code) < 10_000
    f = nonlin.define("max(z, 0.1*z)")
    assert engine["drive"] == [*balance(f), detail(f)]
    json.dumps(engine, allow_nan=False)
    with pytest.raises(workers.WrongRequest, match="true or false"):
        workers.checked({**request, "engine": 1})


@pytest.mark.parametrize("formula", ["exp(exp(z))", "exp(z*z)", "log(z)", "1/z", "2", "z**60"])
def test_functions_without_bounds_or_values_have_numbers_to_be_driven_by(formula: str) -> None:
    answer = workers.compile_formula({"formula": formula, "engine": True})
    assert all(math.isfinite(number) for number in answer["engine"]["drive"])


def test_the_two_answers_to_a_formula_are_remembered_apart() -> None:
    asking = client()
    for engine in (False, True, True, False):
        asking.post("/api/define", json={"formula": "z", "engine": engine})
    assert [r["engine"] for r in asking.pool.asked] == [False, True]


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "z +",
        "__import__('os').system('id')",
        "9**9**9**9",
        "(" * 400,
        "z" * 20000,
        "x * z",
        "z.__class__",
        "[z for z in z]",
        "lambda: z",
        "z if z else z",
        "a+b+c+d+f+g+h+i+j*z",
        "\x00",
        "🙂",
        "z := 1",
        "exp(" * 49 + "z" + ")" * 49 + "^",
        "f'{z}'",
        "z @ z",
        "where(z, z)",
        "sigmoid(z, z)",
    ],
)
def test_hostile_formulas_are_refused_with_a_reason(formula: str) -> None:
    error = workers.compile_formula({"formula": formula})["error"]
    assert error["message"]
    assert error["position"] is None or 0 <= error["position"] <= len(formula)


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    made = Pool(workers=1, seconds=60, waiting=1)
    made.warm()
    yield made
    made.close()


def test_a_worker_answers_and_survives_a_refusal(pool: Pool) -> None:
    assert pool.run({"formula": "z +"})["error"]["message"]
    assert pool.run({"formula": "z * z"})["function"]["formula"] == "z * z"


def test_a_worker_that_takes_too_long_is_replaced(pool: Pool) -> None:
    before = set(pool._all)
    seconds, pool.seconds = pool.seconds, 0.0
    try:
        with pytest.raises(TooSlow):
            pool.run({"formula": "z * tanh(softplus(z))"})
    finally:
        pool.seconds = seconds
    assert before.isdisjoint(pool._all)
    assert all(not worker._process.is_alive() for worker in before)
    assert "function" in pool.run({"formula": "z * 2"})


def test_a_worker_that_dies_is_replaced(pool: Pool) -> None:
    for worker in set(pool._all):
        worker._process.kill()
        worker._process.join()
    with pytest.raises(Unavailable):
        pool.run({"formula": "z * 3"})
    assert "function" in pool.run({"formula": "z * 3"})


def test_more_than_there_is_room_for_are_turned_away_at_once() -> None:
    made = Pool(workers=1, waiting=1)
    taken = made._idle.get()
    waiting = threading.Thread(target=made.run, args=[{"formula": "z"}], daemon=True)
    waiting.start()
    assert made._room.acquire(blocking=False)
    with pytest.raises(Crowded):
        made.run({"formula": "z"})
    made._room.release()
    made._idle.put(taken)
    waiting.join(60)
    made.close()
    assert not made._all
    with pytest.raises(Unavailable):
        made.run({"formula": "z"})


# -- the real thing ---------------------------------------------------------------------------


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A server in a process of its own, which is gone afterwards whatever happens."""
    started = subprocess.Popen(
        [sys.executable, "-m", "nonlin", "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    yield started
    started.kill()
    started.communicate()


@pytest.mark.skipif(sys.platform == "win32", reason="stopped by a signal")
def test_a_real_server_from_start_to_stop(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    match = re.search(r"http://127\.0\.0\.1:(\d+)/", process.stdout.readline())
    assert match
    port = int(match[1])

    def ask(method: str, path: str, body: str = "", **headers: str) -> tuple[int, bytes, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers

    status, html, headers = ask("GET", "/")
    assert status == 200
    assert b'data-demo="explorer"' in html
    assert "server" not in headers
    for path in re.findall(rb'(?:href|src)="([^"#:]+)"', html):
        assert ask("GET", f"/{path.decode()}")[0] == 200, path
    functions = json.loads(ask("GET", "/data/catalogue.json")[1])["functions"]
    assert len(functions) > 70
    assert ask("GET", "/data/catalogue.wasm")[1][:4] == b"\0asm"
    assert ask("GET", "/", Host="evil.example")[0] == 421
    kind = {"Content-Type": "application/json"}
    status, body, _ = ask("POST", "/api/define", '{"formula": "z * sin(a*z)"}', **kind)
    assert status == 200
    assert json.loads(body)["function"]["parameters"][0]["name"] == "a"
    assert ask("POST", "/api/define", '{"formula": "z *"}', **kind)[0] == 422

    with socket.create_connection(("127.0.0.1", port)) as other:  # no name at all
        other.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert b" 421 " in other.recv(100)

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors


def test_a_taken_port_is_passed_over_unless_it_was_asked_for() -> None:
    first = server._listen("127.0.0.1", None)
    second = server._listen("127.0.0.1", None)
    try:
        assert second.getsockname()[1] != first.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            server._listen("127.0.0.1", first.getsockname()[1])
    finally:
        first.close()
        second.close()


def test_importing_nonlin_imports_none_of_this() -> None:
    code = (
        "import sys, nonlin; "
        "print([m for m in ('starlette', 'uvicorn', 'typer', 'rich', 'PIL', 'markdown_it', "
        "'nonlin.cli', 'nonlin.server', 'nonlin.plot', 'nonlin.lesson') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""A page with every exercise on it, served like the lesson or as a static copy: what the tests look at.

Run as ``python practice.py serve`` or ``python practice.py static``, it prints where it is.
"""

from __future__ import annotations

import http.server
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from nonlin.lesson.document import Document
from nonlin.lesson.edition import editions
from nonlin.lesson.exercises import read_folder
from nonlin.lesson.folders import own_lesson, web_folder
from nonlin.lesson.markdown import render
from nonlin.lesson.pages import Bundle, page
from nonlin.lesson.site import POLICY, site
from nonlin.server import create_app


def files(*, server: bool) -> dict[str, bytes]:
    """The site with one page more."""
    exercises = read_folder()
    bundle = Bundle.read((web_folder() / ".vite/manifest.json").read_text())
    text = "# Practice\n\n## Exercises\n\n" + "\n\n".join(
        f":::exercise {name}" for name in exercises
    )
    text += "\n\n:::progress\n"
    html = page(
        bundle,
        editions(Document.read(own_lesson()))[0],
        file="practice.html",
        title="Practice",
        description="Every exercise.",
        body=f'<article class="prose">{render(text, bundle.demos, exercises=exercises)}</article>',
        demos=["exercise", "progress"],
        server=server,
        policy="" if server else POLICY,
    )
    return {**site(server=server), "practice.html": html.encode()}


def serve() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/practice.html", flush=True)
    config = uvicorn.Config(create_app(files(server=True)), log_level="warning")
    uvicorn.Server(config).run(sockets=[listener])


def static() -> None:
    """As any host would serve it, with the policy as a header too, so that the worker is under it."""
    shelf = files(server=False)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0].lstrip("/")
            data = shelf.get(path)
            self.send_response(200 if data is not None else 404)
            kinds: dict[str, str] = {
                "html": "text/html; charset=utf-8", "js": "text/javascript",
                "css": "text/css", "wasm": "application/wasm",
                "json": "application/json", "svg": "image/svg+xml", "woff2": "font/woff2",
            }  # fmt: skip
            self.send_header("Content-Type", kinds.get(Path(path).suffix[1:], "application/zip"))
            self.send_header("Content-Security-Policy", POLICY)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        print(f"http://127.0.0.1:{listening.server_port}/practice.html", flush=True)
        listening.serve_forever()


if __name__ == "__main__":
    {"serve": serve, "static": static}[sys.argv[1]]()

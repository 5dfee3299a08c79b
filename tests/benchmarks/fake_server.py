"""A server with the completions protocol of OpenAI that ends as one does whose assertion fails: after N answers.

It is a program of its own, since what is tested is that the end of a process is noticed; so is what only ends.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LAST_WORDS = "/somewhere/else/ggml.c:12: GGML_ASSERT(n > 0) failed"
DIES_AT_ONCE = "echo loading; echo 'error: no model here' >&2; exit 3"


def write_program(folder: Path, name: str, lines: str) -> Path:
    """Write a program that the shell runs."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{lines}\n", "utf-8")
    path.chmod(0o755)
    return path


def serve(answers: int | None = None) -> str:
    """Return what runs the fake server, which ends after so many answers."""
    limit = "" if answers is None else f"--answers {answers}"
    return f'exec "{sys.executable}" "{__file__}" {limit} "$@"'


class FakeServer(ThreadingHTTPServer):
    """Counts what it is asked for."""

    def __init__(self, port: int, answers: int) -> None:
        super().__init__(("127.0.0.1", port), FakeHandler)
        self._left = answers
        self._lock = threading.Lock()

    def takes_one_more(self) -> bool:
        """Return whether there is an answer left, and take it."""
        with self._lock:
            self._left -= 1
            return self._left >= 0


class FakeHandler(BaseHTTPRequestHandler):
    """Streams an event for each token to make; a stream too many breaks off after the first, with the process."""

    protocol_version = "HTTP/1.1"
    server: FakeServer

    def do_GET(self) -> None:
        """Tell health and version."""
        body = json.dumps({"build_info": "fake", "version": "fake"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """Answer, or end."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        lasts = self.server.takes_one_more()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in _events(asked["max_tokens"]):
            self._write(f"data: {json.dumps(event)}\n\n")
            if not lasts:
                sys.stderr.write(f"{LAST_WORDS}\n")
                sys.stderr.flush()
                os.abort()
        self._write("data: [DONE]\n\n")
        self._write("")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _write(self, text: str) -> None:
        self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())


def _events(tokens: int) -> Iterator[dict[str, Any]]:
    head = {"id": "1", "object": "text_completion", "created": 0, "model": "fake"}
    choice = {"index": 0, "text": "a", "logprobs": None, "finish_reason": None}
    for _ in range(tokens):
        yield head | {"choices": [choice], "usage": None}
    usage = {"prompt_tokens": 1, "completion_tokens": tokens, "total_tokens": 1 + tokens}
    yield head | {"choices": [], "usage": usage}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--answers", type=int, default=1_000_000)
    known, _ = parser.parse_known_args()
    FakeServer(known.port, known.answers).serve_forever()

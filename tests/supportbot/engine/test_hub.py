"""Models from a hub on this machine: fetched, kept, and told soon where it says nothing."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from supportbot.engine.hub import SECONDS

SHA = "0123456789" * 4
FILES = {"config.json": b'{"model_type": "gpt2"}', "merges.txt": b"a b\n", "model.safetensors": bytes(4096)}
UNWANTED = "pytorch_model.bin"
NAME = "someone/model"

FIND = """
import os, sys, time
os.environ.update(HF_ENDPOINT=sys.argv[1], HF_HOME=sys.argv[2], NO_PROXY="127.0.0.1", HF_HUB_DISABLE_XET="1")
from supportbot.engine.choose import find_model
from supportbot.errors import ModelError
begin = time.monotonic()
try:
    print(find_model(sys.argv[3]))
except ModelError as error:
    print(error)
print(time.monotonic() - begin)
"""


class _Hub(BaseHTTPRequestHandler):
    """The part of the hub's protocol that a download takes."""

    def do_GET(self) -> None:
        """Tell about the model, or give a file."""
        path = urlsplit(self.path).path
        listed = [*FILES, UNWANTED]
        if path in (f"/api/models/{NAME}", f"/api/models/{NAME}/revision/main"):
            self._say(json.dumps({"id": NAME, "sha": SHA, "siblings": [{"rfilename": name} for name in listed]}))
        elif path == f"/api/models/{NAME}/tree/{SHA}":
            entries = [
                {"type": "file", "path": name, "size": len(FILES.get(name, b"")), "oid": SHA} for name in listed
            ]
            self._say(json.dumps(entries))
        elif (name := path.removeprefix(f"/{NAME}/resolve/{SHA}/")) in FILES:
            self._send(FILES[name], hashlib.sha256(FILES[name]).hexdigest())
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_HEAD = do_GET

    def _say(self, text: str) -> None:
        self._send(text.encode(), SHA)

    def _send(self, body: bytes, etag: str) -> None:
        self.send_response(200)
        for name, value in (("ETag", f'"{etag}"'), ("X-Repo-Commit", SHA), ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def hub() -> Iterator[str]:
    """Run a hub with one model; give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Hub) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def find(address: str, home: Path, name: str = NAME) -> tuple[str, float]:
    """Find a model in a process of its own, since the address is read at import; return its words and seconds."""
    command = [sys.executable, "-c", FIND, address, str(home), name]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    *_, said, seconds = done.stdout.splitlines()  # before them stands what is logged
    return said, float(seconds)


def test_silent_hub_is_told_soon(tmp_path: Path) -> None:
    """A hub that accepts and says nothing, or refuses, ends a start within seconds and with a remedy."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        told, seconds = find(address, tmp_path)
    assert told == (
        f"'{NAME}' is no folder here, and the model hub cannot be reached to fetch it: set SUPPORTBOT_MODEL to a "
        "directory in Hugging Face format with safetensors weights, or leave it empty and run `supportbot init`."
    )
    assert seconds < 2 * SECONDS + 10  # it is tried twice, and what it takes to import on a busy machine
    assert find(address, tmp_path)[0] == told  # now that nobody listens there


def test_fetched_model_is_found_without_the_hub(tmp_path: Path) -> None:
    """A model is fetched without what is not wanted, and the copy is used when the hub is away, or silent."""
    with hub() as address:
        fetched, _ = find(address, tmp_path)
        unknown, _ = find(address, tmp_path, "someone/else")
    assert {file.name: file.read_bytes() for file in Path(fetched).iterdir()} == FILES
    assert unknown.startswith("No usable model at 'someone/else'")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert find(address, tmp_path)[0] == fetched

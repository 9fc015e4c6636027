"""Servers of language models in processes of their own: one that plays faults, and ``transformers serve``."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planted_replies import ANALYSIS, MUG

CHAT_SERVER = Path(__file__).parent / "chat_server.py"
START_S = 600.0
"""How long a server may take to start; a busy machine is no failure."""


@dataclass(frozen=True)
class LanguageServer:
    """A running server; ``folder`` is for the engines' settings."""

    folder: Path
    process: subprocess.Popen
    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def settings(self, model: str, **more: Any) -> Path:
        """Write what an engine needs to know, and return the file."""
        file = self.folder / "settings.json"
        known = {"base_url": f"{self.url}/v1", "model": model, "backoff_s": 0.05}
        file.write_text(json.dumps(known | more))
        return file

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.url + path) as response:
            return json.load(response)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextlib.contextmanager
def chat_server(folder: Path, port: int = 0, replies: Sequence[str] = (ANALYSIS, MUG, MUG)) -> Iterator[LanguageServer]:
    """Run ``chat_server.py``, which says ``replies`` and plays faults."""
    (folder / "replies.json").write_text(json.dumps(replies))
    command = [sys.executable, CHAT_SERVER, folder / "replies.json", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        server = LanguageServer(folder, process, int(process.stdout.readline()))
        try:
            yield server
        finally:
            server.kill()


@contextlib.contextmanager
def transformers_serve(folder: Path, model: Path, port: int = 0) -> Iterator[LanguageServer]:
    """Run ``transformers serve`` with a model that is preloaded."""
    port = port or _free_port()
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", str(model)]
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (
        (folder / "serve.log").open("w") as log,
        subprocess.Popen(
            [*command, "--device", "cpu", "--port", str(port)], stdout=log, stderr=log, env=environment
        ) as process,
    ):
        server = LanguageServer(folder, process, port)
        try:
            _wait_for(server)
            yield server
        finally:
            server.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def _wait_for(server: LanguageServer) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert server.process.poll() is None, (server.folder / "serve.log").read_text()
        with contextlib.suppress(urllib.error.URLError):
            server.get("/health")
            return
        time.sleep(0.1)
    raise TimeoutError((server.folder / "serve.log").read_text())

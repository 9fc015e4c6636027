"""A server that speaks as much of OpenAI's chat completions as a client needs; run it, and it prints its port.

The name of the model says how it behaves: ``says`` answers, ``busy-N`` is unavailable N times before, ``cuts-N`` breaks
off N times in the middle, ``silent`` takes the question and says nothing, ``locked`` wants the key "open sesame",
``waits`` says half of everything and the rest after ``/go`` was visited. What it was asked last is at ``/last``.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REPLIES = json.loads(Path(sys.argv[1]).read_text())
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 0
LAST: dict = {}
FAILED: dict[str, int] = {}
GO = threading.Event()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/go":
            GO.set()
        self._json(200, LAST)

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        LAST.update(asked, authorization=self.headers["Authorization"], path=self.path)
        kind, _, times = asked["model"].partition("-")
        fails = FAILED.setdefault(asked["model"], 0) < int(times or 0)
        FAILED[asked["model"]] += fails
        if kind == "locked" and LAST["authorization"] != "Bearer open sesame":
            self._json(401, {"error": {"message": "no such key"}})
        elif kind == "busy" and fails:
            self._json(503, {"error": {"message": "loading the model"}})
        elif kind in {"says", "busy", "cuts", "silent", "locked", "waits"}:
            self._stream(asked, kind, kind == "cuts" and fails)
        else:
            self._json(404, {"error": {"message": "no such model"}})

    def _stream(self, asked, kind, cut):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if kind == "silent":
            time.sleep(20)
        text = REPLIES[len(asked["messages"]) // 2 - 1]
        for start in range(0, len(text) // 2 if cut else len(text), 8):
            if kind == "waits" and start >= len(text) // 2:
                GO.wait(60)
            self._chunk({"delta": {"content": text[start : start + 8]}, "index": 0, "finish_reason": None})
        if cut:
            self.close_connection = True
            return
        self._chunk({"delta": {}, "index": 0, "finish_reason": "stop"})
        self._raw(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, choice):
        whole = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
        self._raw(b"data: " + json.dumps(whole).encode() + b"\n\n")

    def _raw(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _json(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()

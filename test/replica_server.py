"""A small HTTP server that answers as ``annexe serve`` does, without Ray."""

from __future__ import annotations

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from annexe_ros.inference import ScriptedEngine
from annexe_ros.inference.remote.work import Job, Worker


@contextmanager
def listening(answer, port=0):
    """Serve ``answer(body) -> (HTTP status, body)`` and yield port and the headers that were seen."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            seen.append(dict(self.headers))
            status, body = answer(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, seen
        server.shutdown()


def scripted(body):
    """Answer as a replica with the scripted engine does; no body asks what it runs."""
    if not body:
        return 200, b'{"engine": "scripted", "model": "default"}'
    return Worker(ScriptedEngine(), 10_000).answer([Job.starting(body, 5.0)])[0]

"""What is outside of a place, in a network of its own: answers the internet check, takes messages and heartbeats.

``unshare --net python -m tests.end_to_end.outside_the_place`` prints a line of JSON for each thing that it is asked.
"""

from __future__ import annotations

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = 8_080


class _Take(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_check = self.path == "/generate_204"
        tell("check" if is_check else "beat", "")
        self.send_response(204 if is_check else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["content-length"])))
        tell("message", f"{said['title']}\n{said['message']}")
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """What is asked is printed as JSON."""


def tell(what: str, text: str) -> None:
    print(json.dumps({"at_mono": time.monotonic(), "what": what, "text": text}), flush=True)


if __name__ == "__main__":
    tell("ready", "")
    sys.stdin.readline()  # the address is there by then
    ThreadingHTTPServer(("", PORT), _Take).serve_forever()

"""A web server on loopback that misbehaves as it is told to."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Loopback(ThreadingHTTPServer):
    """Answers the requests for a path with the behaviours that were given, one after the other.

    Attributes
    ----------
    url : str
    requests : list of str
        The paths that were asked for.
    gate : threading.Event
        What a behaviour that waits is waiting for.
    reached : threading.Event
        Set when a behaviour begins to wait.
    """

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.requests, self.behaviours = [], {}
        self.gate, self.reached = threading.Event(), threading.Event()

    def serve(self, path, body, *behaviours):
        """Answer with the behaviours in turn, and with the last of them from then on."""
        self.behaviours[path] = body, list(behaviours)

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.gate.set()
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # the other side has hung up, as it should on some of these answers


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        body, behaviours = self.server.behaviours.get(self.path, (b"", [missing]))
        behaviour = behaviours.pop(0) if len(behaviours) > 1 else behaviours[0]
        behaviour(self, body)

    def begin(self, length, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *_):
        pass


def well(handler, body):
    handler.begin(len(body))
    handler.wfile.write(body)


def in_parts(handler, body):
    """The part that a Range header asks for, as servers of large files send it."""
    first, last = map(int, handler.headers["Range"].split("=")[1].split("-"))
    part = body[first : last + 1]
    handler.begin(len(part), 206)
    handler.wfile.write(part)


def wrong_bytes(handler, body):
    well(handler, bytes(len(body)))


def truncated(handler, body):
    handler.begin(len(body))
    handler.wfile.write(body[: len(body) // 2])


def too_long(handler, body):
    well(handler, body + b"more")


def longer_than_promised(handler, body):
    handler.begin(len(body) // 2)
    handler.wfile.write(body)


def endless(handler, body):
    handler.send_response(200)
    handler.end_headers()
    while True:  # until the other side hangs up
        handler.wfile.write(body)


def missing(handler, body):
    handler.send_error(404)


def broken(handler, body):
    handler.send_error(500)


def loop(handler, body):
    handler.send_response(302)
    handler.send_header("Location", handler.path)
    handler.end_headers()


def silent(handler, body):
    handler.server.reached.set()
    handler.server.gate.wait()


def stalled(handler, body):
    """Half of it; the rest when the gate opens."""
    handler.begin(len(body))
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    handler.server.reached.set()
    handler.server.gate.wait()
    handler.wfile.write(body[len(body) // 2 :])


def dripping(handler, body):
    """One byte now and then, for ever."""
    handler.begin(len(body), 206 if "Range" in handler.headers else 200)
    while not handler.server.gate.wait(0.05):
        handler.wfile.write(b".")


def without_end(handler, body):
    """The same, of no length."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.gate.wait(0.05):
        handler.wfile.write(b".")


def cursed(handler, body):
    """A status that would take over a terminal."""
    handler.send_response(404, "\x1b[2J\x1b]0;owned\x07gone" + 9000 * "!")
    handler.end_headers()


def missing_after_a_while(handler, body):
    silent(handler, body)
    missing(handler, body)

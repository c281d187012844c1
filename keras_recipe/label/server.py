"""Serves the labelling page on this computer only."""

from __future__ import annotations

import http.server
import secrets
import threading
import time
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from keras_recipe.data.batch import Batch
from keras_recipe.data.human import Answers
from keras_recipe.label import page, shown

MOST_BYTES = 4096  # of one answer


def summary(answers: Answers) -> str:
    """Return what the answers so far say, in one sentence."""
    if not answers.said:
        return "Nothing was labelled."
    shares = ", then ".join(f"{share:.0%}" for share in answers.accuracies())
    kappa = answers.kappa()
    agrees = f"; kappa between the rounds {kappa:.2f}" if np.isfinite(kappa) else ""
    pace = float(np.median(answers.seconds))
    return (
        f"{len(answers.said)} of {len(answers.order)} answers: {shares} like the labels"
        f"{agrees}; {pace:.1f} s an example."
    )


class Session:
    """One person, one sample; every answer is on disk before the next question.

    Args:
        answers: What was said so far.
        rows: The rows of the split that the sample was drawn from.
        path: The file it is kept in.
        clock: Returns seconds.
    """

    def __init__(
        self,
        answers: Answers,
        rows: Batch,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.answers, self.rows, self.path = answers, rows, path
        self.token = secrets.token_urlsafe(24)
        self.thanked = threading.Event()
        self._clock, self._asked, self._lock = clock, (-1, 0.0), threading.Lock()

    @property
    def root(self) -> str:
        """Path that every address begins with."""
        return f"/{self.token}/"

    def example(self, number: int) -> Any:
        """Return the inputs of question `number`, one row."""
        row = self.answers.rows[self.answers.order[number]]
        return self.rows.take(np.array([row])).x

    def ask(self) -> tuple[str, dict[str, str]]:
        """Return the next page."""
        with self._lock:
            number, answers = len(self.answers.said), self.answers
            if answers.done:
                self.thanked.set()
                return page.thanks(summary(answers))
            if self._asked[0] != number:
                self._asked = (number, self._clock())
            x = self.example(number)
            pictures = len(shown.pictures(x))
            return page.question(
                self.root, number, len(answers.order), shown.text(x), pictures, answers.classes
            )

    def answer(self, number: int, label: int) -> bool:
        """Keep an answer; a second one to the same question is left out.

        Returns:
            Whether there is such a class.
        """
        with self._lock:
            answers = self.answers
            if not 0 <= label < len(answers.classes):
                return False
            if number == len(answers.said) and not answers.done:
                took = self._clock() - self._asked[1] if self._asked[0] == number else 0.0
                answers.said.append(label)
                answers.seconds.append(round(took, 2))
                answers.save(self.path)
            return True

    def undo(self, number: int) -> None:
        """Forget the answer before question `number`."""
        with self._lock:
            if number == len(self.answers.said) > 0:
                self.answers.said.pop()
                self.answers.seconds.pop()
                self.answers.save(self.path)


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    server_version, sys_version = "keras-recipe", ""
    timeout = 30  # seconds that a silent connection is kept

    def log_message(self, *_: Any) -> None:
        """Say nothing: the address holds the token."""

    def _send(
        self, status: int, body: str | bytes = b"", kind: str = "", **headers: str
    ) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        fixed = {
            "Content-Type": kind or "text/plain; charset=utf-8",
            "Content-Length": str(len(data)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
        }
        for name, value in {**fixed, **named}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def _inner(self) -> str | None:
        """Return the path behind the token; None, and 403 sent, where it is not allowed."""
        session, port = self.server.session, self.server.server_port
        hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        at_home = self.headers.get("Host") in hosts  # else another name points here
        ours = origin in (None, "null", *(f"http://{host}" for host in hosts))
        path = urllib.parse.urlsplit(self.path).path
        given = path.split("/")[1] if path.startswith("/") else ""
        known = secrets.compare_digest(given.encode(), session.token.encode())
        if not (at_home and ours and known):
            self._send(403, "Open the address that keras-recipe printed.\n")
            return None
        return path[len(session.root) :]

    def do_GET(self) -> None:
        """Send a page or a picture."""
        path = self._inner()
        if path is None:
            return
        if path == "":
            text, headers = self.server.session.ask()
            self._send(200, text, "text/html; charset=utf-8", **headers)
            return
        parts = path.removesuffix(".png").split("/")
        if len(parts) == 3 and parts[0] == "image" and path.endswith(".png"):
            numbers = [int(p) if p.isascii() and p.isdigit() else -1 for p in parts[1:]]
            total = len(self.server.session.answers.order)
            found = []
            if 0 <= numbers[0] < total:
                found = shown.pictures(self.server.session.example(numbers[0]))
            if 0 <= numbers[1] < len(found):
                self._send(200, shown.png(found[numbers[1]]), "image/png")
                return
        self._send(404, "There is no such page.\n")

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:
        """Take an answer, or take one back."""
        path = self._inner()
        if path is None:
            return
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and int(length) <= MOST_BYTES):
            self._send(400, "The answer is too long or has no length.\n")
            return
        form = urllib.parse.parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        values = [form.get(name, [""])[0] for name in ("number", "label")]
        numbers = [int(v) if v.isascii() and v.isdigit() and len(v) < 8 else -1 for v in values]
        session = self.server.session
        if path == "undo":
            session.undo(numbers[0])
        elif path != "answer" or not session.answer(*numbers):
            self._send(400, "There is no such answer.\n")
            return
        self._send(303, Location=session.root)


class Server(http.server.ThreadingHTTPServer):
    """A server on the loopback interface, on a free port.

    Args:
        session: What it serves.
        port: Port; 0 takes a free one.
    """

    daemon_threads = True

    def __init__(self, session: Session, port: int = 0) -> None:
        self.session = session
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def url(self) -> str:
        """The address to open, token included."""
        return f"http://127.0.0.1:{self.server_port}{self.session.root}"

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a browser that hangs up."""

    def run(self) -> None:
        """Serve until every question is answered and the last page was shown, or Ctrl-C."""
        thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.1})
        thread.start()
        try:
            while not self.session.thanked.wait(0.2):
                pass
            time.sleep(0.3)  # the last page is on its way
        finally:
            self.shutdown()
            thread.join()
            self.server_close()

"""A real client on the real page."""

import http.client
import re
import shutil
import subprocess
import threading
import urllib.parse

import numpy as np
import pytest

from keras_recipe.data.batch import Batch
from keras_recipe.data.human import Answers, new_answers
from keras_recipe.label.server import Server, Session, summary

CLASSES = ["zero", "<b>one</b>"]


def session(path, x=None, clock=None, count=3):
    x = np.random.default_rng(0).random((6, 8, 8, 1)) if x is None else x
    y = np.arange(len(x)) % 2
    rows = Batch(x, y)
    answers = new_answers("validation", rows, y, CLASSES, count, seed=0)
    return Session(answers, rows, path / "a.json", **({"clock": clock} if clock else {}))


@pytest.fixture
def served(tmp_path):
    made = Server(session(tmp_path))
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def ask(server, path, method="GET", form=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    body = urllib.parse.urlencode(form) if form is not None else None
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer, text


def answer_all(server):
    made = server.session
    for number in range(len(made.answers.order)):
        ask(server, made.root)
        ask(server, f"{made.root}answer", "POST", {"number": number, "label": 1})


def test_it_listens_on_this_computer_only(served):
    assert served.server_address[0] == "127.0.0.1"
    assert served.url == f"http://127.0.0.1:{served.server_port}/{served.session.token}/"


@pytest.mark.parametrize("path", ["/", "/x/", "/image/0/0.png", "/" + "A" * 32 + "/"])
def test_without_the_token_nothing_is_served(served, path):
    for method in ("GET", "POST"):
        answer, text = ask(served, path, method, {"number": 0, "label": 0})
        assert answer.status == 403
        assert served.session.token.encode() not in text


def test_another_host_or_origin_is_refused(served):
    root = served.session.root
    assert ask(served, root, Host="evil.example")[0].status == 403
    form = {"number": 0, "label": 0}
    refused = ask(served, f"{root}answer", "POST", form, Origin="http://evil.example")
    assert refused[0].status == 403
    assert served.session.answers.said == []


def test_the_page_shows_a_picture_and_escapes_the_classes(served):
    answer, text = ask(served, served.session.root)
    page = text.decode()
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "&lt;b&gt;one&lt;/b&gt;" in page
    assert "<b>one" not in page
    source = re.search(r'src="([^"]+)"', page)[1]
    picture, data = ask(served, source)
    assert picture.headers["Content-Type"] == "image/png"
    assert data.startswith(b"\x89PNG")


def test_answers_are_kept_at_once_and_can_be_taken_back(served):
    made = served.session
    ask(served, made.root)
    answer, _ = ask(served, f"{made.root}answer", "POST", {"number": 0, "label": 1})
    assert answer.status == 303
    assert answer.headers["Location"] == made.root
    assert Answers.load(made.path).said == [1]
    ask(served, f"{made.root}answer", "POST", {"number": 0, "label": 0})  # sent twice
    assert made.answers.said == [1]
    ask(served, f"{made.root}undo", "POST", {"number": 1})
    assert Answers.load(made.path).said == []


@pytest.mark.parametrize(
    "form", [{"number": 0, "label": 9}, {"number": 0}, {"number": "x", "label": "-1"}]
)
def test_what_is_no_class_is_refused(served, form):
    answer, _ = ask(served, f"{served.session.root}answer", "POST", form)
    assert answer.status == 400
    assert served.session.answers.said == []


def test_too_long_a_body_and_unknown_pages_are_refused(served):
    root = served.session.root
    assert ask(served, f"{root}answer", "POST", {"number": "1" * 9000})[0].status == 400
    for path in ("image/99/0.png", "image/0/7.png", "image/../x.png", "nothing"):
        assert ask(served, f"{root}{path}")[0].status == 404


def test_the_last_page_says_what_came_of_it(served):
    answer_all(served)
    _, text = ask(served, served.session.root)
    assert b"Thank you" in text
    assert served.session.thanked.is_set()
    assert served.session.answers.done


def test_time_is_measured_from_the_question_to_the_answer(tmp_path):
    now = iter([10.0, 12.5])
    made = session(tmp_path, clock=lambda: next(now))
    made.ask()
    made.ask()  # the page is loaded again: the clock goes on
    assert made.answer(0, 1)
    assert made.answers.seconds == [2.5]


def test_serving_ends_with_the_last_page(tmp_path):
    made = Server(session(tmp_path, count=1))
    thread = threading.Thread(target=made.run)
    thread.start()
    answer_all(made)
    ask(made, made.session.root)
    thread.join(timeout=20)
    assert not thread.is_alive()
    assert "2 of 2 answers" in summary(made.session.answers)


@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_a_browser_draws_the_page(served, tmp_path):
    shot = tmp_path / "page.png"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=800,900"]
    options += [f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={shot}"]
    command = ["chromium", *options, served.url]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    assert shot.read_bytes().startswith(b"\x89PNG")
    from matplotlib.image import imread

    pixels = imread(shot)[..., :3]
    assert np.ptp(pixels) > 0.8  # text and the example, not an empty sheet

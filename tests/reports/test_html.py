import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from keras_recipe.core.report import Report
from keras_recipe.core.result import failed, passed
from keras_recipe.reports import html, phrases
from keras_recipe.reports.palette import DARK, LIGHT

VOID = {"meta", "img", "source", "br", "hr", "link", "input"}
ADDRESSES = {"src", "srcset", "href", "action", "data", "poster", "background"}


class Page(HTMLParser):
    """Reads a page, checks that every element is closed, keeps texts and attributes."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts = [], [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)

    def values(self, name):
        return [value for _, attribute, value in self.attributes if attribute == name]

    def words(self):
        hidden = ("style", "script")
        return " ".join(" ".join(t) for tag, t in self.texts.items() if tag not in hidden)


both = pytest.mark.parametrize("draw", [html.render, html.notebook])


@both
def test_it_needs_nothing_from_outside(report, hostile_report, draw):
    for shown in (report, hostile_report, Report()):
        page = Page(draw(shown))
        places = [value for _, name, value in page.attributes if name in ADDRESSES]
        assert all(value.startswith(("data:image/png;base64,", "#")) for value in places)
        assert not {"link", "iframe", "object", "embed", "base", "form"} & set(page.tags)
        for style in page.texts["style"] + page.values("style"):
            assert not re.search(r"url\(|@import|expression|http", style)


@both
def test_every_string_is_shown_as_text(hostile_report, hostile, draw):
    text = draw(hostile_report)
    page = Page(text)
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    assert page.tags.count("script") == (draw is html.render)
    printed = " ".join(phrases.printable(hostile).split())
    words = " ".join(page.words().split())
    assert words.count(printed) > 40
    assert text.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe]", text)


def test_only_its_own_script_may_run(hostile_report):
    page = Page(html.render(hostile_report))
    (script,) = page.texts["script"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [v for v in page.values("content") if "default-src" in v]
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


@both
def test_all_that_is_known_is_there(report, draw):
    words = " ".join(Page(draw(report)).words().split())
    for text in (
        "2 checks failed",
        "multiclass, from softmax",
        "keras 3.15.1",
        "3.5 s",
        *(result.message for result in report.results),
        "14.27 nats",
        "2.302 nats",
        "output dense_1",
        "The last layer starts too large.",
        'Dense(10, kernel_initializer="zeros")',
        "The fix was tried (0 steps)",
        "2.31 nats",
        "Accepted: gated on purpose",
        "The first loss is that of the best constant.",
        "A wrong first loss means a wrong bias.",
        "Karpathy 2019",
        '"nan"',
    ):
        assert text in words, text


def test_problems_come_ranked_and_rows_lead_to_them(report):
    text = html.render(report)
    page = Page(text)
    assert page.values("id") == ["problem-1", "problem-2", "problem-3"]
    places = [text.index(report[code].message) for code in ("KR202", "KR204", "KR102")]
    assert places == sorted(places)
    assert sorted(page.values("href")) == ["#problem-1", "#problem-2", "#problem-3"]


def test_pictures_are_inside_for_light_and_dark(report):
    page = Page(html.render(report))
    addresses = page.values("src") + page.values("srcset")
    assert len(addresses) == 4
    for address in addresses:
        png = base64.b64decode(address.removeprefix("data:image/png;base64,"), validate=True)
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert page.values("alt") == ["one batch", "zero units"]


def test_bars_are_as_long_as_the_numbers(report):
    styles = Page(html.render(report)).values("style")
    widths = [float(s.removeprefix("width: ")[:-1]) for s in styles if s.startswith("width")]
    assert widths == pytest.approx(
        [100, 100 * 2.302 / 14.27, 100, 100 * 2.31 / 14.27], abs=0.01
    )


@pytest.mark.parametrize(
    ("measured", "expected", "bars"),
    [(2.0, 1.0, 2), (2.0, 0.0, 1), (-2.0, 1.0, 0), (float("nan"), 1.0, 0), (2.0, None, 0)],
)
def test_only_what_can_be_compared_is_drawn(measured, expected, bars):
    row = failed("m", measured=measured, expected=expected).stamped(code="KR101", name="n")
    page = Page(html.render(Report([row])))
    assert sum(style.startswith("width") for style in page.values("style")) == bars
    assert phrases.figure(measured) in page.words()


def test_a_picture_that_cannot_be_drawn_does_not_lose_the_report():
    row = passed("fine", pictures=[{"kind": "pie", "title": "odd one"}])
    words = Page(html.render(Report([row.stamped(code="KR101", name="n")]))).words()
    assert "fine" in words
    assert "odd one: A picture's kind is one of" in words


def test_long_evidence_is_cut_and_says_so():
    row = failed("m", evidence={"text": "x" * (html.MOST_EVIDENCE + 1000)})
    words = Page(html.render(Report([row.stamped(code="KR101", name="n")]))).words()
    assert "more characters in the JSON report" in words
    assert words.count("x") < html.MOST_EVIDENCE + 100


def test_what_stands_in_backticks_is_code(report):
    code = Page(html.render(report)).texts["code"]
    assert {"stddev=0.01", "from_logits", "rtol", "atol"} <= set(code)
    row = passed("`<b>` and `open").stamped(code="KR101", name="n")
    assert "<code>&lt;b&gt;</code> and `open" in html.notebook(Report([row]))


def test_each_threshold_begins_a_paragraph():
    text = "rtol: one\nthat goes on\natol: two\n\nand more"
    assert html._paragraphs(text) == ["`rtol`: one that goes on", "`atol`: two", "and more"]


def test_pictures_blend_into_their_cards():
    text = html.render(Report())
    for palette in (LIGHT, DARK):
        assert f"--card: {palette.paper}" in text


def test_a_notebook_shows_the_fragment(report):
    fragment = html.notebook(report)
    page = Page(fragment)
    assert not {"html", "head", "body", "script", "a"} & set(page.tags)
    assert page.values("id") == []
    assert page.values("srcset") == []
    assert report._repr_html_() == fragment


def test_an_empty_report_is_a_page():
    assert "Nothing was checked" in Page(html.render(Report())).words()


def test_a_symptom_and_its_cause_lead_to_each_other(causal_report):
    text = html.render(causal_report)
    page, words = Page(text), " ".join(Page(text).words().split())
    assert "Symptom of" in words
    assert words.count("it cannot be overfitted") == 3  # problem, its cause, and its row
    assert sorted(page.values("href")) == [
        "#problem-1",
        "#problem-1",
        "#problem-2",
        "#problem-2",
    ]
    assert "href" not in html.notebook(causal_report)


def test_sections_stand_before_the_problems(report):
    text = html.render(report, {"What <it> gained": "<table><tr><td>7 %</td></tr></table>"})
    page = Page(text)
    assert "7 %" in page.texts["td"]
    assert "What <it> gained" in page.texts["h2"]
    assert text.index("<td>7 %") < text.index("root cause first")

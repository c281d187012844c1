"""`keras-recipe browse`: data named on the command line, looked at.

What needs Keras is imported where it is used: the options are refused before it starts.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_recipe.core.errors import InputError
from keras_recipe.core.folders import refuse_unwritable
from keras_recipe.core.settings import unknown

if TYPE_CHECKING:
    from keras_recipe.core.report import Report
    from keras_recipe.looking.browser import Browser

VIEWS = ("rows", "distributions", "predictions")
_PAIR = re.compile(r"(label|prediction|correct|finding)=([^=].*)")
_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def refuse(view: str, output: Path | None, log_dir: Path | None) -> None:
    """Refuse an unknown view, or a place that cannot be written to, before the work.

    Raises:
        ConfigError: The view is not known.
        InputError: Nothing can be written there.
    """
    if view not in VIEWS:
        raise unknown(view, VIEWS, "view")
    if output is not None:
        if output.suffix.lower() not in (".html", ".htm", ".png"):
            msg = f"--output ends in .html for a page or .png for a picture: {str(output)!r}"
            raise InputError(msg)
        refuse_unwritable(output.parent, "--output")
    if log_dir is not None:
        refuse_unwritable(log_dir, "--log-dir")


def opened(target: str, column: str | None, seed: int, report: Report | None = None) -> Browser:
    """Return the data that a target names.

    Args:
        target: A folder, a table, `module:factory` or `file.py:factory`.
        column: The column of a table that holds the labels.
        seed: Seed of the sample.
        report: What was found in the same data; its findings are scores.

    Raises:
        InputError: There is no such thing, or it cannot be read.
    """
    browse = importlib.import_module("keras_recipe.looking.browse").browse
    if ":" not in target or Path(target).expanduser().exists():
        return browse(target, column, seed=seed, report=report)
    if column is not None:
        msg = f"--target names a column of a table, and {target} is no table."
        raise InputError(msg)
    examine = importlib.import_module("keras_recipe.examine").check
    fit = importlib.import_module("keras").Model.fit
    made = importlib.import_module("keras_recipe.target").load(target, examine, fit)
    model = made["model"] if getattr(made["model"], "weights", ()) else None
    known = {"model": model, "task": made.get("task"), "report": report}
    return browse(made["x"], made.get("y"), seed=seed, **known)


def chosen(
    browser: Browser,
    *,
    filters: Sequence[str] = (),
    search: str | None = None,
    sort: str | None = None,
    per_class: int | None = None,
    head: int | None = None,
) -> Browser:
    """Return what the options of the command leave, in this order.

    Args:
        browser: All rows.
        filters: `label=3`, `prediction=cat`, `correct=no`, or an expression over the scores.
        search: A text.
        sort: A score; with a `-` before it the largest come first, with a `+` the smallest.
        per_class: Rows of each class.
        head: Rows in all.

    Raises:
        InputError: A score, a class or an expression is not known.
    """
    for text in filters:
        browser = _filtered(browser, text.strip())
    browser = browser.search(search) if search else browser
    if sort:
        down = {"-": True, "+": False}.get(sort[0])
        browser = browser.sort(sort.lstrip("+-"), descending=down)
    browser = browser.per_class(per_class) if per_class else browser
    return browser.head(head) if head else browser


def _filtered(browser: Browser, text: str) -> Browser:
    pair = _PAIR.fullmatch(text)
    if pair is None:
        return browser.filter(where=text)
    name, value = pair.groups()
    if name != "correct":
        asked: dict[str, Any] = {name: value}
        return browser.filter(**asked)
    if value.lower() not in _TRUTHS:
        msg = f"--filter correct= takes yes or no. Received: {value!r}"
        raise InputError(msg)
    return browser.filter(correct=_TRUTHS[value.lower()])


def shown(
    browser: Browser,
    view: str,
    output: Path | None,
    log_dir: Path | None,
    say: Callable[[str], Any],
) -> None:
    """Print the rows, and write them where they are asked for.

    Args:
        browser: The rows.
        view: One of `VIEWS`.
        output: A page, or a picture where it ends in `.png`.
        log_dir: A log folder of TensorBoard.
        say: Prints a line.
    """
    made: Any = browser if view == "rows" else getattr(browser, view)()
    say(repr(made))
    if output is not None:
        write = made.to_png if output.suffix.lower() == ".png" else made.to_html
        say(f"Wrote {write(output)}")
    if log_dir is not None:
        say(f"Wrote {made.to_tensorboard(log_dir, tag=f'recipe/{view}')}")

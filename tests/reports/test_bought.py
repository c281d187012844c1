"""What squeezing bought, as tables, text and a page."""

from squeezings import averaged, longer, squeezing, taught

from keras_recipe.reports import bought


def shown(**fields):
    return {"verdict": "three <b> models", **squeezing(**fields).to_dict()}


def test_every_model_and_every_gain_has_a_row():
    data = shown(distilled=taught(), longer=longer(), left_out={"file": "no \x1b disk"})
    text = bought.render(data)
    for word in ("start, seed 0", "0.50", "on the best single", "student", "three <b> models"):
        assert word in text
    assert "not done: file (no \\x1b disk)" in text
    assert len(bought.gains(data)) == 5


def test_the_page_is_escaped_and_has_a_picture_of_what_was_left_training():
    page = bought.notebook(shown(longer=longer()))
    assert "three &lt;b&gt; models" in page
    assert "data:image/png;base64," in page
    assert "<img" not in bought.notebook(shown())
    assert bought.picture(shown()) is None


def test_a_failed_model_and_too_few_rows_are_called_so():
    nan = float("nan")
    one = squeezing(ensemble=averaged(notes=("", "", "the loss is nan")))
    data = {"verdict": "", **one.to_dict()}
    data["ensemble"]["candidates"][2]["loss"] = "nan"
    data["ensemble"]["crossed"]["interval"] = [str(nan), str(nan)]
    text = bought.render(data)
    assert "failed" in text
    assert "too few rows" in text


def test_brackets_are_no_markup():
    data = shown(ensemble=averaged(notes=("[red]best", "[/]", "")))
    text = bought.render(data)
    assert "[red]best" in text
    assert "[/]" in text

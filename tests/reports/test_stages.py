"""What each stage gained, as text and HTML."""

from keras_recipe.reports import stages

DATA = {"verdict": "[i]all <b> six", "texts": {"1": "[red]3 rows[/red]", "2": "[/]"}}


def test_every_stage_has_a_row_and_brackets_are_no_markup():
    text = stages.render(DATA)
    for word in ("1 ", "[red]3 rows[/red]", "[/]", "[i]all <b> six"):
        assert word in text


def test_the_page_is_escaped():
    page = stages.notebook(DATA)
    assert "all &lt;b&gt; six" in page
    assert page.count("<tr>") == 3

from keras_recipe.label import page


def test_digits_are_their_own_keys():
    text, _ = page.question("/t/", 0, 2, "", 1, [str(i) for i in range(10)])
    assert 'value="3" data-key="3"' in text
    assert "Take back" not in text


def test_other_classes_are_numbered():
    text, _ = page.question("/t/", 1, 2, "", 0, ["cat", "dog"])
    assert 'value="1" data-key="2"><kbd>2</kbd>dog' in text
    assert "Take back" in text


def test_more_classes_than_keys_still_have_buttons():
    names = [f"class {i}" for i in range(60)]
    text, _ = page.question("/t/", 0, 2, "", 0, names)
    assert text.count('name="label"') == 60


def test_nothing_may_be_loaded_from_elsewhere():
    text, headers = page.thanks("<b>done</b>")
    assert "&lt;b&gt;done" in text
    assert "http" not in text
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")

"""How the package's templates are read: one safe way for reports, galleries and views."""

from __future__ import annotations

import jinja2

from keras_recipe.reports import phrases


def templates() -> jinja2.Environment:
    """Return the templates of this folder; they escape all text and make it printable."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("keras_recipe", "reports"),
        autoescape=True,
        finalize=lambda v: phrases.printable(v) if type(v) is str else v,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""The folders keep their shape: one file a check, its test beside it, backends kept apart."""

import ast
import re
from pathlib import Path

import pytest
from backend_free import FREE

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "keras_recipe"
MODULES = sorted(p.relative_to(PACKAGE) for p in PACKAGE.rglob("*.py"))
CHECKS = [p for p in MODULES if re.match(r"kr\d", p.name)]
MOST_LINES = 200  # a check that is longer holds two ideas
MOST_OF_A_MODULE = 300  # likewise


def text(path):
    return (PACKAGE / path).read_text()


@pytest.mark.parametrize("path", CHECKS, ids=lambda p: p.stem)
def test_a_check_has_its_test_and_a_file_of_readable_length(path):
    assert (ROOT / "tests" / path.parent / f"test_{path.name}").exists()
    assert len(text(path).splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_holds_one_idea(path):
    assert len(text(path).splitlines()) <= MOST_OF_A_MODULE


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_only_the_backend_folder_knows_a_backend(path):
    found = re.findall(r"^\s*(?:import|from)\s+(tensorflow|jax|torch)\b", text(path), re.M)
    assert path.parts[0] == "backend" or not found
    assert "keras.src" not in text(path)


def test_names_of_test_files_are_unique():
    names = [p.name for p in (ROOT / "tests").rglob("*.py") if p.name != "conftest.py"]
    assert len(names) == len(set(names))


BACKENDS = {"jax", "keras", "keras_tuner", "tensorflow", "torch"}
HELPERS = {p.stem: p for p in (ROOT / "tests").glob("*.py")}


def imported(path):
    """First parts of the names of what a file imports, itself or through a helper."""
    found, waiting = set(), [path]
    while waiting:
        tree = ast.parse(waiting.pop().read_text())
        names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
        names |= {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        new = {name.partition(".")[0] for name in names} - found
        found |= new
        waiting += [HELPERS[name] for name in sorted(new & set(HELPERS))]
    return found


@pytest.mark.parametrize("name", FREE)
def test_what_is_run_on_one_backend_alone_has_none_in_it(name):
    path = ROOT / "tests" / name
    files = [path] if path.is_file() else sorted(path.glob("test_*.py"))
    assert files
    assert {p.name: imported(p) & BACKENDS for p in files} == {p.name: set() for p in files}

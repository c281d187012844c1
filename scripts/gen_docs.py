"""Writes the README's table of checks from their docstrings; `--check` only compares.

python scripts/gen_docs.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

from keras_recipe import checks
from keras_recipe.core.check import STAGES

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- checks: begin -->", "<!-- checks: end -->"


def table() -> str:
    """Return the checks by stage as a Markdown table."""
    lines = ["| code | check | what holds when it passes | cost |", "|---|---|---|---|"]
    stage = ""
    for code, check in sorted(checks.load().items()):
        if code[2] != stage:
            stage = code[2]
            lines.append(f"| | **{stage}. {STAGES[stage]}** | | |")
        lines.append(f"| {code} | {check.name} | {check.page['summary']} | {check.cost} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Write or compare; returns the exit code."""
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    wanted = f"{before}{BEGIN}\n{table()}\n{END}{after}"
    if "--check" in arguments:
        if wanted != text:
            print("README.md is stale; run python scripts/gen_docs.py")
            return 1
        return 0
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

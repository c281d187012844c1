"""The options that several commands share: each with one spelling and one help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Backend = Annotated[str | None, typer.Option(help="tensorflow, jax or torch.")]
Accelerator = Annotated[str | None, typer.Option(help="auto, cpu, gpu or tpu.")]
Devices = Annotated[int | None, typer.Option(help="Number of devices (JAX).")]
Format = Annotated[str | None, typer.Option(help="console, json, junit, html or github.")]
Output = Annotated[Path | None, typer.Option(help="Also write the report to this file.")]
Target = Annotated[str, typer.Argument(help="module:factory or file.py:factory.")]
DataTarget = Annotated[str, typer.Argument(help="folder/, file.csv or module:factory.")]
Column = Annotated[str | None, typer.Option("--target", help="Column to predict.")]
Codes = Annotated[list[str] | None, typer.Option(help="Codes: KR2 for a stage, KR204,KR205.")]
LogDir = Annotated[Path | None, typer.Option(help="Journals, models and TensorBoard's runs.")]
Seconds = Annotated[float, typer.Option(min=1, help="Seconds for all trainings.")]
Force = Annotated[bool, typer.Option("--force", help="Go on although a check FAILs.")]


def codes(words: list[str] | None) -> list[str] | None:
    """Return the codes of `words`, several of which may stand in one, with commas."""
    return [code for word in words for code in word.split(",") if code] if words else None

"""The colours of pictures, on light and on dark paper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours by what they mean.

    Attributes:
        paper: Background.
        ink: Text and frames.
        faint: Secondary text and axes.
        grid: Lines behind the data.
        wrong: Marks what is wrong.
        lines: Colours of series, told apart with any colour vision.
        ramp: Matplotlib colour map for numbers from low to high.
        signed: Matplotlib colour map for numbers around zero.
    """

    paper: str
    ink: str
    faint: str
    grid: str
    wrong: str
    lines: tuple[str, ...]
    ramp: str
    signed: str

    def settings(self) -> dict[str, Any]:
        """Return these colours, and our plain style, as matplotlib settings."""
        return {
            "axes.axisbelow": True,
            "axes.edgecolor": self.grid,
            "axes.facecolor": self.paper,
            "axes.grid": True,
            "axes.labelcolor": self.faint,
            "axes.linewidth": 0.8,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "figure.facecolor": self.paper,
            "font.size": 9,
            "grid.color": self.grid,
            "grid.linewidth": 0.6,
            "legend.frameon": False,
            "lines.linewidth": 1.6,
            "savefig.facecolor": self.paper,
            "text.color": self.ink,
            "text.parse_math": False,  # a label such as "$x$" is the user's, not mathematics
            "xtick.color": self.grid,
            "xtick.labelcolor": self.faint,
            "ytick.color": self.grid,
            "ytick.labelcolor": self.faint,
        }


# Series colours: Okabe and Ito (2008), "Color Universal Design", without the yellow.
LIGHT = Palette(
    paper="#ffffff",
    ink="#23272e",
    faint="#69707b",
    grid="#e3e6ea",
    wrong="#b93232",
    lines=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555"),
    ramp="Blues",
    signed="RdBu_r",
)
DARK = Palette(
    paper="#1d2127",
    ink="#e4e7eb",
    faint="#9aa2ad",
    grid="#363c45",
    wrong="#ff7b72",
    lines=("#56b4e9", "#e69f00", "#2fc79a", "#e39ac2", "#7a9cff", "#f0e442", "#b8bec7"),
    ramp="Blues_r",
    signed="RdBu_r",
)

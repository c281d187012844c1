"""Which checks run, with which thresholds, and which findings are accepted."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_recipe.core.check import CHECKS, Check
from keras_recipe.core.errors import ConfigError

TABLE = "tool.keras_recipe"


def unknown(word: str, known: Iterable[str], what: str) -> ConfigError:
    """Return the error for a misspelt word, naming the nearest right one."""
    choices = sorted(known)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(choices)}."
    return ConfigError(f"Unknown {what} {word!r}; {hint}")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The user's choices, as in `[tool.keras_recipe]` of pyproject.toml.

    Attributes:
        select: Prefixes of codes to run; empty means all.
        ignore: Prefixes of codes to leave out.
        tune: Thresholds by code: `{"KR204": {"rtol": 0.5}}`.
        waive: Accepted findings by code, with the reason.
        human: File or folder of what `keras-recipe label` wrote; `""` is `runs/human`.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    tune: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    waive: Mapping[str, str] = field(default_factory=dict)
    human: str = ""

    def __post_init__(self) -> None:
        """Refuse unknown codes, thresholds and empty reasons.

        Raises:
            ConfigError: With the nearest right spelling.
        """
        for prefix in (*self.select, *self.ignore):
            if not any(code.startswith(prefix) for code in CHECKS):
                raise unknown(prefix, CHECKS, "check")
        for code in (*self.tune, *self.waive):
            if code not in CHECKS:
                raise unknown(code, CHECKS, "check")
        for code, values in self.tune.items():
            for name, value in values.items():
                self._examine(code, name, value)
        for code, reason in self.waive.items():
            if not str(reason).strip():
                msg = f"A waiver needs its reason in words. Received: waive.{code} = {reason!r}"
                raise ConfigError(msg)

    @staticmethod
    def _examine(code: str, name: str, value: Any) -> None:
        thresholds = CHECKS[code].thresholds
        if name not in thresholds:
            raise unknown(name, thresholds or ("(none)",), f"threshold of {code}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            msg = f"Threshold {name!r} of {code} must be a number. Received: {value!r}"
            raise ConfigError(msg)

    def chosen(self) -> list[Check]:
        """Return the checks to run, in order of their codes."""
        wanted = tuple(self.select) or ("KR",)
        return [
            check
            for code, check in sorted(CHECKS.items())
            if code.startswith(wanted) and not (self.ignore and code.startswith(self.ignore))
        ]

    @classmethod
    def from_pyproject(cls, path: Path, **overrides: Any) -> Settings:
        """Return the settings of a pyproject.toml; a missing file or table means defaults.

        Args:
            path: The file.
            **overrides: `select` and `ignore` given by the caller; `None` leaves the file's.

        Raises:
            ConfigError: The file is not TOML or holds an unknown key.
        """
        table: Mapping[str, Any] = {}
        if path.is_file():
            try:
                table = tomllib.loads(path.read_text(encoding="utf-8"))
            except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
                msg = f"The settings in {path} are not valid TOML ({error}); mend the file."
                raise ConfigError(msg) from error
            table = table.get("tool", {}).get("keras_recipe", {})
        for key in table:
            if key not in cls.__dataclass_fields__:
                raise unknown(key, cls.__dataclass_fields__, f"key in [{TABLE}]")
        values = {**table, **{k: v for k, v in overrides.items() if v is not None}}
        for key in ("select", "ignore"):
            given = values.get(key, ())
            given = (given,) if isinstance(given, str) else given
            if not isinstance(given, list | tuple | set) or not all(
                isinstance(word, str) for word in given
            ):
                msg = f"`{key}` must be codes such as ['KR2', 'KR109']. Received: {given!r}"
                raise ConfigError(msg)
            values[key] = tuple(word.upper() for word in given)
        for key in ("tune", "waive"):
            if not isinstance(values.get(key, {}), Mapping):
                msg = f"`{key}` in [{TABLE}] must be a table. Received: {values[key]!r}"
                raise ConfigError(msg)
        if not isinstance(values.get("human", ""), str):
            msg = f"`human` in [{TABLE}] must be a path. Received: {values['human']!r}"
            raise ConfigError(msg)
        return cls(**values)

"""An expression over the columns of a table, such as `"loss > 2 and label == 3"`."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_recipe.core.errors import InputError

_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_COMPARE: dict[type, Callable[[Any, Any], Any]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.In: np.isin,
    ast.NotIn: lambda a, b: ~np.isin(a, b),
}


def evaluate(text: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the value of an expression for each row.

    Names of columns, numbers, texts, lists, `+ - * / %`, comparisons (`1 < size < 9` and `in`
    too), `and`, `or`, `not`; nothing else, so that an expression cannot do anything.

    Args:
        text: The expression.
        columns: Arrays `(rows,)`.

    Raises:
        InputError: It is no such expression, or names no column.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        with np.errstate(all="ignore"):
            return np.asarray(_value(tree, columns))
    except SyntaxError as error:
        msg = f"The expression cannot be read ({error.msg}). Received: {text!r}"
        raise InputError(msg) from error
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        msg = f"The expression has no value ({error}). Received: {text!r}"
        raise InputError(msg) from error


def _value(node: ast.AST, columns: Mapping[str, np.ndarray]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return column(node.id, columns)
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(one, columns) for one in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.USub):
        inner = _value(node.operand, columns)
        return ~np.asarray(inner, bool) if isinstance(node.op, ast.Not) else -inner
    if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
        return _BINARY[type(node.op)](_value(node.left, columns), _value(node.right, columns))
    if isinstance(node, ast.BoolOp):
        parts = [np.asarray(_value(one, columns), bool) for one in node.values]
        joined = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        return joined.reduce(np.broadcast_arrays(*parts))
    if isinstance(node, ast.Compare):
        return _compared(node, columns)
    msg = (
        "The expression may hold names of columns, numbers, comparisons, and, or and not. "
        f"Received: {ast.unparse(node)!r}"
    )
    raise InputError(msg)


def _compared(node: ast.Compare, columns: Mapping[str, np.ndarray]) -> Any:
    values = [_value(one, columns) for one in (node.left, *node.comparators)]
    found: Any = True
    for left, right, kind in zip(values[:-1], values[1:], node.ops, strict=True):
        if type(kind) not in _COMPARE:
            said = ast.unparse(node)
            msg = f"The expression may compare by <, <=, >, >=, == and in alone: {said!r}"
            raise InputError(msg)
        found = np.logical_and(found, _COMPARE[type(kind)](left, right))
    return found


def column(name: str, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return a column.

    Raises:
        InputError: There is none of this name; the message lists those there are.
    """
    if name not in columns:
        msg = f"There is no score {name!r} here; the scores are {', '.join(columns)}."
        raise InputError(msg)
    return columns[name]

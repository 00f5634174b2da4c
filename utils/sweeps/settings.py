"""`--set key=value`: values that stand over a grid's."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import yaml

from models import split_names
from utils.errors import UsageError
from utils.sweeps.grid import AXES, NEEDED, Grid, check_flags, read_axis

_NETWORKS = ("sources", "victims")


def with_settings(grid: Grid, settings: Sequence[str]) -> Grid:
    """Returns the grid with other values.

    Args:
      grid: the grid.
      settings: "key=value" each: a key is one of the grid's lists, its values comma-separated,
        skip_missing, or a flag of attack.py; a value is read as in the file.

    Raises:
      UsageError: no key=value, an unknown key, or a value of the wrong kind.
    """
    for text in settings:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise UsageError(f"--set {text} is no key=value: give one, such as --set num_iter=20.")
        grid = _with(grid, f"--set {text}", key, value)
    return grid


def _with(grid: Grid, where: str, key: str, value: str) -> Grid:
    if key in AXES:
        parts = split_names(value.split(",")) if key in _NETWORKS else value.split(",")
        content = {key: [_entry(where, key, part) for part in parts if part]}
        values = read_axis(where, content, key)
        if key in NEEDED and not values:
            raise UsageError(f"{where} leaves no {key}: give at least one.")
        changed: dict[str, Any] = {key: values}
        return replace(grid, **changed)
    read = _read(where, value)
    if key == "skip_missing":
        if not isinstance(read, bool):
            raise UsageError(f"{where}: skip_missing is true or false.")
        return replace(grid, skip_missing=read)
    return grid.with_flags(**check_flags(where, {key: read}))


def _entry(where: str, key: str, text: str) -> Any:
    # A method "n" is no truth value.
    return text if AXES[key] is str else _read(where, text)


def _read(where: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{where} is no value: {' '.join(str(error).split())}") from error

"""The grid of a sweep, read from YAML."""

import re
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import yaml

from methods import AttackSettings
from utils.errors import DataError, UsageError
from utils.files import read_regular
from utils.pipeline.config import RunConfig
from utils.pipeline.idle import idle_flags
from utils.sweeps.cell import Cell

# Key of the file -> type of its entries.
AXES: dict[str, type | tuple[type, ...]] = {
    "sources": str,
    "methods": str,
    "modes": str,
    "epsilons": (int, float),
    "sign_epsilons": (int, float),
    "victims": str,
    "seeds": int,
}
_LONGEST = 1 << 16
_DEEPEST = 8
NEEDED = ("sources", "methods", "modes", "epsilons")
_OF_THE_GRID = {"source", "method", "mode", "max_epsilon", "victims", "seed", "compare_sign"}


@dataclass(frozen=True)
class Grid:
    """What a sweep covers.

    Attributes:
      sources: networks to attack; "a+b" is an ensemble.
      methods, modes, epsilons: crossed with each other.
      sign_epsilons: epsilons that only `sign` is run at, as points to interpolate between.
      victims: networks to judge on; none: all whose checkpoints are found.
      seeds: each has an output folder of its own, OUTPUT_DIR/seedN; none: seed 0, no such folder.
      skip_missing: leave out networks and images that aren't there, instead of failing.
      flags: other flags of attack.py, for all cells.
    """

    sources: tuple[str, ...]
    methods: tuple[str, ...]
    modes: tuple[str, ...]
    epsilons: tuple[float, ...]
    sign_epsilons: tuple[float, ...] = ()
    victims: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    skip_missing: bool = False
    flags: tuple[tuple[str, Any], ...] = ()

    def with_flags(self, **flags: Any) -> "Grid":
        """Returns the grid with flags added; None leaves a flag as it is."""
        given = {name: value for name, value in flags.items() if value is not None}
        return replace(self, flags=tuple((dict(self.flags) | given).items()))

    @property
    def output_dir(self) -> Path:
        """Where the results of all seeds are."""
        return Path(str(dict(self.flags).get("output_dir", RunConfig().output_dir)))

    def cells(self) -> list[Cell]:
        """Returns one cell a run of attack.py: cheap settings first, one seed after the other.

        Raises:
          UsageError, MethodError: a value that attack.py would refuse.
        """
        settings = [(epsilon, self.modes) for epsilon in self.epsilons]
        settings += [(e, ("sign",)) for e in self.sign_epsilons if e not in self.epsilons]
        return [
            self._cell(seed, source, method, epsilon, modes)
            for seed in self.seeds or (None,)
            for source in self.sources
            for method in self.methods
            for epsilon, modes in sorted(settings)
        ]

    def _cell(
        self, seed: int | None, source: str, method: str, epsilon: float, modes: tuple[str, ...]
    ) -> Cell:
        flags = dict(self.flags) | {
            "source": tuple(source.split("+")),
            "method": method,
            "mode": modes,
            "compare_sign": "sign" in modes,
            "max_epsilon": float(epsilon),
            "victims": self.victims,
            "seed": seed or 0,
            "output_dir": str(self.output_dir if seed is None else self.output_dir / f"seed{seed}"),
        }
        return Cell(RunConfig.of_flags(flags))


def read_grid(path: Path) -> Grid:
    """Reads a grid.

    Raises:
      UsageError: it can't be read, or holds something unknown, missing or of the wrong kind.
    """
    text = _text(Path(path))
    try:
        _refuse_bombs(path, text)
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise UsageError(f"--grid {path} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise UsageError(f"--grid {path} must map {', '.join(NEEDED)} to lists.")
    known = (*AXES, "skip_missing", "flags")
    for name in content:
        if name not in known:
            raise UsageError(f"--grid {path}: {name!r} is unknown; known are {', '.join(known)}.")
    axes = {name: read_axis(f"--grid {path}", content, name) for name in AXES if name in content}
    for name in NEEDED:
        if not axes.get(name):
            raise UsageError(f"--grid {path}: {name} is missing: give a list.")
    skip_missing = content.get("skip_missing", False)
    if not isinstance(skip_missing, bool):
        raise UsageError(f"--grid {path}: skip_missing is true or false, not {skip_missing!r}.")
    flags = check_flags(f"--grid {path}", content.get("flags") or {})
    grid = Grid(**axes, skip_missing=skip_missing, flags=tuple(flags.items()))
    _refuse_idle(path, grid)
    return grid


def _refuse_idle(path: Path, grid: Grid) -> None:
    """Makes sure that each of a file's flags means something in one of its cells."""
    idle = [idle_flags(cell.config) for cell in grid.cells()]
    for name, _ in grid.flags:
        if idle and all(name in each for each in idle):
            raise UsageError(
                f"--grid {path}: the flag {name} would change nothing in any of its cells: it "
                f"needs {idle[0][name]}. Leave it out."
            )


def _text(path: Path) -> str:
    try:
        content = read_regular(path, _LONGEST)
        if content is None:
            raise UsageError(f"--grid {path} is longer than a grid of {_LONGEST} bytes.")
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"--grid {path} is no YAML in UTF-8 ({error}).") from error
    except DataError as error:
        if error.__cause__ is None:
            raise UsageError(f"--grid {path} is no file: give a YAML file.") from error
        raise UsageError(f"--grid {error}") from error


def _refuse_bombs(path: Path, text: str) -> None:
    """Goes over the file event by event, and stops where it is none that a grid would be."""
    depth = 0
    for event in yaml.parse(text):
        if isinstance(event, yaml.AliasEvent):
            # A few aliases can stand for billions of values.
            raise UsageError(f"--grid {path} holds a YAML alias (*name): write the value itself.")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            # Each level makes every further one slower to read.
            raise UsageError(f"--grid {path} is nested too deeply to be a grid.")


def read_axis(where: str, content: dict[str, Any], name: str) -> tuple[Any, ...]:
    """Returns the values of one of the grid's lists; `where` stands in the refusals."""
    values = content[name] if isinstance(content[name], list) else [content[name]]
    values = [] if content[name] is None else values
    for value in values:
        if not isinstance(value, AXES[name]) or isinstance(value, bool):
            hint = ""
            if isinstance(value, str) and re.fullmatch(r"[0-9]+[eE][+-]?[0-9]+", value):
                # What YAML 1.1 takes for a text.
                hint = f": write {value.lower().replace('e', '.0e')}"
            raise UsageError(
                f"{where}: {name} holds {value!r:.80}, which is of the wrong kind{hint}."
            )
        if isinstance(value, int) and value > sys.float_info.max:
            raise UsageError(f"{where}: {name} holds {value!r:.20}..., which is too large.")
    if len(set(values)) != len(values):
        raise UsageError(f"{where}: {name} names something twice.")
    return tuple(values)


def check_flags(where: str, flags: Any) -> dict[str, Any]:
    """Returns flags of attack.py that may stand in a grid; `where` stands in the refusals."""
    known = {item.name for item in (*fields(RunConfig), *fields(AttackSettings))} - {"attack"}
    if not isinstance(flags, dict):
        raise UsageError(f"{where}: flags must map flags of attack.py to values.")
    for name in flags:
        if name in _OF_THE_GRID:
            raise UsageError(f"{where}: {name} belongs to the grid's own lists, not to flags.")
        if name not in known:
            raise UsageError(f"{where}: flags holds {name!r}, which is no flag of attack.py.")
    lists = {item.name for item in fields(RunConfig) if "tuple" in str(item.type)}
    return {name: _listed(value) if name in lists else value for name, value in flags.items()}


def _listed(value: Any) -> Any:
    """Returns a flag of several values as a tuple of text, written "1,5" or [1, 5]."""
    parts = value.split(",") if isinstance(value, str) else value
    parts = parts if isinstance(parts, list) else [parts]
    return tuple(str(each) if type(each) is int else each for each in parts)

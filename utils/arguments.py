"""Command lines: a parser that names the flag nearest to one that doesn't exist."""

import argparse
import difflib
from collections.abc import Collection, Sequence
from typing import Any

# How alike two names must be; below it a suggestion would mislead.
_ALIKE = 0.5


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Returns " (did you mean --max_epsilon?)" for "epsilon", or nothing where none is near.

    Args:
      name: the unknown flag's, without dashes.
      known: the names of all flags, without dashes.
    """
    name = name.replace("-", "_").lower()
    # "eps" and "epsilon" are parts of what is meant, however much longer that is.
    near = [each for each in known if len(name) > 2 and (f"_{each}".find(f"_{name}") >= 0)]
    near = near or difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    return f" (did you mean --{near[0]}?)" if near else ""


class Parser(argparse.ArgumentParser):
    """An argument parser whose description keeps its lines and which knows of slips."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(**options)

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse's, but a flag that doesn't exist comes before one that is missing."""
        known = {option for option in self._option_string_actions if option.startswith("--")}
        for argument in args or ():
            given = argument.partition("=")[0]
            if given == "--":
                break
            if given.startswith("--") and not any(each.startswith(given) for each in known):
                hint = did_you_mean(given[2:], sorted(each[2:] for each in known))
                self.error(f"there is no flag {given}{hint}; --help lists the flags")
        return super().parse_known_args(args, namespace)

"""Flags that table.py, figures.py and report.py share."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from utils.analysis.rates import RATES
from utils.arguments import Parser


def results_parser(description: str) -> argparse.ArgumentParser:
    """Makes a parser that takes folders with finished runs."""
    parser = Parser(description=description)
    parser.add_argument("results", nargs="+", type=Path, help="folders with finished runs")
    parser.add_argument(
        "--rate",
        choices=RATES,
        default="success",
        help="; ".join(f"{name}: in percent {of}" for name, of in RATES.items()),
    )
    parser.add_argument(
        "--max_epsilon", type=float, help="only this one; figures: for those of a single one"
    )
    parser.add_argument(
        "--modes",
        type=comma_separated,
        default=(),
        help="matrix: whose gain over sign it shows (default: affine)",
    )
    # What it was called once.
    parser.add_argument("--epsilon", dest="max_epsilon", type=float, help=argparse.SUPPRESS)
    return parser


def figure_parser(description: str, figures: Iterable[str]) -> argparse.ArgumentParser:
    """Makes the same with the fields of `Choices`; figures are all that there are."""
    parser = results_parser(description)
    names = tuple(figures)
    parser.add_argument(
        "--figures", type=comma_separated, default=names, help=f"of {', '.join(names)}"
    )
    parser.add_argument("--methods", type=comma_separated, default=(), help="draw only these")
    parser.add_argument(
        "--images", type=comma_separated, default=(), help="ImageIds for image and strip"
    )
    parser.add_argument("--class_names", type=Path, help="one name a line, background first")
    return parser


def comma_separated(text: str) -> tuple[str, ...]:
    """Splits a flag's value."""
    return tuple(part for part in text.split(",") if part)

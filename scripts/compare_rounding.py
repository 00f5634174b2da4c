"""Measures what a success rate owes to the writer of the images: rounding against truncation.

Attacks once, writes the images in three ways, has all victims judge each, and prints two tables:
what the writers do to the pixels, and what that does to the rates. "rounded" is this program's
writer; "truncated" takes the attack's [-1, 1] to [0, 1] and cuts off what is behind the point
after x * 255; "truncated_0_1" does so as if the attack had run on [0, 1]. With -o a folder gets
rounding.csv with all rows; no image is kept.

Examples:
  python scripts/compare_rounding.py --limit 20
  python scripts/compare_rounding.py --source mobilenet_v2_1.0_224 --limit 40 -o results/rounding
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.document import Table
from utils.analysis.formats import to_markdown
from utils.analysis.output import save_rows, say
from utils.arguments import Parser
from utils.benchmarks.rounding import ROUNDED, compare_writers
from utils.commands import command, positive
from utils.errors import UsageError
from utils.pipeline.config import RunConfig

_PIXELS = ("method", "mode", "writer", "beyond the bound, %", "shift, levels", "mean L2")
_RATES = (
    *("method", "mode", "victim", "writer", "misclassified, %", "minus rounded, points"),
    *("images that differ, %", "gain over sign, points"),
)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument("--method", default="fgsm,if", help="one or several (fgsm,if)")
    parser.add_argument("--mode", default="affine", help="beside sign (affine)")
    parser.add_argument("--max_epsilon", type=float, default=16.0, help="in [0, 255] units (16)")
    parser.add_argument("--num_iter", type=positive, default=10)
    for name in ("source", "victims", "checkpoint_path", "input_csv", "input_dir"):
        parser.add_argument(f"--{name}", default="", help="as of attack.py")
    parser.add_argument("--limit", type=positive, help="use only the first so many images")
    parser.add_argument("--skip_missing_images", action="store_true", help="as of attack.py")
    parser.add_argument("--batch_size", type=positive, default=16)
    parser.add_argument("-o", "--output", type=Path, help="folder for rounding.csv")
    return parser.parse_args(arguments)


def config_of(options: argparse.Namespace) -> RunConfig:
    """Makes a run's configuration of the flags."""
    flags = {name: value for name, value in vars(options).items() if name != "output"}
    for name in ("mode", "source", "victims"):
        flags[name] = [part for part in flags[name].split(",") if part]
    return RunConfig.of_flags(flags | {"method": options.method.split(",")[0]})


def pixels_table(rows: pd.DataFrame) -> Table:
    """What each writer does to the pixels."""
    first = rows.groupby(["method", "mode", "writer"], sort=False).first().reset_index()
    cells = tuple(
        (
            *(row["method"], row["mode"], row["writer"]),
            *(f"{row['beyond_bound']:.2f}", f"{row['shift']:+.3f}", f"{row['mean_l2']:.0f}"),
        )
        for row in first.to_dict("records")
    )
    return Table("What is written", _PIXELS, cells)


def rates_table(rows: pd.DataFrame) -> Table:
    """What that does to each victim's rate, and to the gain over sign."""
    rows = rows.sort_values(["method", "mode", "victim"], kind="stable", key=_as_they_came)
    cells = tuple(
        (
            *(row["method"], row["mode"], row["victim"], row["writer"]),
            _interval(row, "success_rate", "success", ".1f"),
            _interval(row, "difference", "difference", "+.1f"),
            "" if row["writer"] == ROUNDED else f"{row['differing']:.1f}",
            _interval(row, "gain_over_sign", "gain", "+.1f"),
        )
        for row in rows.to_dict("records")
    )
    return Table("What is misclassified", _RATES, cells)


def _as_they_came(column: pd.Series) -> pd.Series:
    return pd.Series(pd.factorize(column)[0], column.index)


def _interval(row: Mapping, value: str, name: str, form: str) -> str:
    if pd.isna(row[value]):
        return ""
    low, high = format(row[f"{name}_low"], form), format(row[f"{name}_high"], form)
    return f"{format(row[value], form)} [{low}, {high}]"


@command("compare_rounding.py")
def main(arguments: list[str]) -> int:
    """Measures, prints the tables and writes the CSV; returns the exit code."""
    options = parse(arguments)
    if options.output is not None and options.output.exists() and not options.output.is_dir():
        raise UsageError(f"--output {options.output} is there and is no folder: give a folder.")
    rows = compare_writers(config_of(options), options.method.split(","))
    say(f"{rows['images'].iloc[0]} images, epsilon {options.max_epsilon:g}.\n")
    say(f"{to_markdown(pixels_table(rows))}\n{to_markdown(rates_table(rows))}".rstrip())
    if options.output is not None:
        save_rows(options.output, "rounding.csv", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

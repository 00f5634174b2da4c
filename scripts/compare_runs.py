"""Compares two runs of the same command: on another machine, a GPU, other threads or versions.

Rounding differs between processors, and an attack of several steps makes much of it. Prints what
run.json has differently, how far the PNGs are apart, and what that does to the rates, with paired
intervals. Runs at the same place below both folders are compared; the clean images need not be at
hand. With -o a folder gets runs.csv with all rows.

Examples:
  python scripts/compare_runs.py results/on_cpu results/on_gpu
  python scripts/compare_runs.py results/a/demo/demo_vgg/if/eps16 results/b/demo/demo_vgg/if/eps16
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.document import Table, interval, number
from utils.analysis.formats import to_markdown
from utils.analysis.output import save_rows, say
from utils.analysis.two_runs import compare, paired_runs, recorded_differences
from utils.arguments import Parser
from utils.commands import command

_PIXELS = ("attack", "mode", "sub-pixels that differ, %", "cosine", "mean L2", "the other's")
_RATES = (
    *("attack", "mode", "victim", "misclassified, %", "the other's", "minus the first, points"),
    *("verdicts that differ, %", "gain over sign", "the other's"),
)


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument("first", type=Path, help="an --output_dir, or the folder of one run")
    parser.add_argument("other", type=Path, help="that of the same command elsewhere")
    parser.add_argument("-o", "--output", type=Path, help="folder for runs.csv")
    return parser.parse_args(arguments)


def pixels_table(rows: pd.DataFrame) -> Table:
    """How far the images are apart."""
    first = rows.groupby(["run", "mode"], sort=False).first().reset_index()
    cells = tuple(
        (
            *(_attack(row), row["mode"], number(row["differing_pixels"], ".2f")),
            *(number(row["cosine"], ".3f"), number(row["mean_l2"], ".0f")),
            number(row["other_l2"], ".0f"),
        )
        for row in first.to_dict("records")
    )
    return Table("What is written", _PIXELS, cells)


def rates_table(rows: pd.DataFrame) -> Table:
    """What that does to each victim's rate, and to the gain over sign."""
    cells = tuple(
        (
            *(_attack(row), row["mode"], row["victim"]),
            *(number(row["success_rate"]), number(row["other_rate"])),
            f"{row['difference']:+.1f} " + interval(row["difference_low"], row["difference_high"]),
            number(row["differing"]),
            *(number(row["gain_over_sign"], "+.1f"), number(row["other_gain"], "+.1f")),
        )
        for row in rows.to_dict("records")
    )
    return Table("What is misclassified", _RATES, cells)


def _attack(row: Mapping) -> str:
    """Its place tells source, method and bound; a single run's folder has none."""
    return row["method"] if row["run"] == "." else row["run"]


@command("compare_runs.py")
def main(arguments: list[str]) -> int:
    """Compares, prints the tables and writes the CSV; returns the exit code."""
    options = parse(arguments)
    pairs = paired_runs(options.first, options.other)
    told = dict.fromkeys(line for _, *pair in pairs for line in recorded_differences(*pair))
    rows = pd.concat([compare(*pair) for pair in pairs], ignore_index=True)
    say(f"{len(pairs)} pair(s) of runs, {rows['images'].iloc[0]} images in the first.")
    if told:
        say("\n".join(["\nWhat run.json has differently:\n", *(f"- {line}" for line in told)]))
    else:
        say("Both were asked for the same, of the same versions and hardware.")
    say(f"\n{to_markdown(pixels_table(rows))}\n{to_markdown(rates_table(rows))}".rstrip())
    if options.output is not None:
        save_rows(options.output, "runs.csv", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

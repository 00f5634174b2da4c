"""Prints the tables of finished runs: the paper's layout, or the gain at equal L2.

Examples:
  python scripts/table.py results/demo
  python scripts/table.py results/sweep --format latex --epsilon 16
  python scripts/table.py results/methods --layout modes
  python scripts/table.py results/sweep --equal_l2
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.equal_l2 import equal_l2_rows, equal_l2_tables
from utils.analysis.families import families
from utils.analysis.formats import to_latex, to_markdown
from utils.analysis.layout import LAYOUTS, csv_of, lay_out
from utils.analysis.runs import load_runs
from utils.commands import command
from utils.errors import ResultsError

FORMATS = {"markdown": to_markdown, "latex": to_latex}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, help="folders with finished runs")
    parser.add_argument("--layout", choices=LAYOUTS, default="paper")
    parser.add_argument("--format", choices=(*FORMATS, "csv"), default="markdown")
    parser.add_argument("--epsilon", type=float, help="only this one (default: all)")
    parser.add_argument("--beside", choices=("published",), help="put these figures beside")
    parser.add_argument("--equal_l2", action="store_true", help="compare at equal L2 instead")
    parser.add_argument("-o", "--output", type=Path, help="file to write to (default: the screen)")
    return parser.parse_args(arguments)


def render(options: argparse.Namespace) -> str:
    """Makes the tables' text."""
    found = families(load_runs(options.results))
    if options.equal_l2:
        rows = [equal_l2_rows(family, options.epsilon) for family in found]
        tables = [t for pair in zip(found, rows, strict=True) for t in equal_l2_tables(*pair)]
    else:
        rows, tables = lay_out(
            options.layout, found, options.epsilon, options.beside == "published"
        )
    if not any(map(len, rows)):
        raise ResultsError("Nothing fits: these results hold no such epsilon, or sign alone.")
    if options.format == "csv":
        return csv_of(rows)
    return "\n".join(map(FORMATS[options.format], tables))


@command("table.py")
def main(arguments: list[str]) -> int:
    """Prints or writes the tables; returns the exit code."""
    options = parse(arguments)
    text = render(options)
    if options.output is None:
        print(text, end="")
    else:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

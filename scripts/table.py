"""Prints the tables of finished runs: the paper's layout, or the gain at equal L2 or SSIM.

Examples:
  python scripts/table.py results/demo
  python scripts/table.py results/sweep --format latex --max_epsilon 16
  python scripts/table.py results/methods --layout modes
  python scripts/table.py results/sweep --rate flip
  python scripts/table.py results/sweep --equal_l2
  python scripts/table.py results/sweep --equal_ssim
  python scripts/table.py results/sweep --adjust holm
  python scripts/table.py results/snapshots --layout iterations
  python scripts/table.py results/sources --layout matrix --modes affine,test
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.amounts import AMOUNTS, Amount
from utils.analysis.command_line import results_parser
from utils.analysis.comparisons import ADJUSTMENTS
from utils.analysis.equal_amounts import equal_rows
from utils.analysis.equal_amounts_tables import equal_tables
from utils.analysis.families import load_families
from utils.analysis.formats import to_latex, to_markdown
from utils.analysis.iterations import MISSING
from utils.analysis.layouts import LAYOUTS, lay_out, to_csv
from utils.analysis.matrix_table import equal_matrix_tables
from utils.analysis.output import save, say
from utils.analysis.source_matrix import equal_matrix_rows
from utils.commands import command
from utils.errors import ResultsError, UsageError

FORMATS = {"markdown": to_markdown, "latex": to_latex}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = results_parser(__doc__)
    parser.add_argument("--layout", choices=LAYOUTS, default="paper")
    parser.add_argument("--format", choices=(*FORMATS, "csv"), default="markdown")
    parser.add_argument("--beside", choices=("published",), help="put these figures beside")
    parser.add_argument(
        "--adjust",
        choices=ADJUSTMENTS,
        default="none",
        help="holm: show p and Holm's p, adjusted for all comparisons of a table",
    )
    equal = parser.add_mutually_exclusive_group()
    for amount in AMOUNTS:
        equal.add_argument(
            f"--equal_{amount.column}",
            dest="equal",
            action="store_const",
            const=amount,
            help=f"compare at equal {amount.name} instead",
        )
    parser.add_argument("-o", "--output", type=Path, help="file to write to (default: the screen)")
    return parser.parse_args(arguments)


def render(options: argparse.Namespace) -> str:
    """Makes the tables' text."""
    equal: Amount | None = options.equal
    if equal and options.adjust != "none":
        flag = f"--equal_{equal.column}"
        raise UsageError(f"--adjust is of p-values, and {flag} has intervals: leave one out.")
    if options.modes and options.layout != "matrix":
        raise UsageError("--modes is of --layout matrix: give that, or leave it out.")
    rows, tables = [], []
    for family in load_families(options.results, options.rate):
        if equal and options.layout == "matrix":
            sizes = family.sizes_of(options.max_epsilon)
            of_family = equal_matrix_rows(family, equal, sizes, options.modes)
            tables += equal_matrix_tables(family, of_family, equal)
        elif equal:
            of_family = equal_rows(family, equal, family.sizes_of(options.max_epsilon))
            tables += equal_tables(family, of_family, equal)
        else:
            published = options.beside is not None
            of_family, laid_out = lay_out(
                options.layout,
                family,
                options.max_epsilon,
                published,
                options.adjust,
                options.modes,
            )
            tables += laid_out
        rows.append(of_family)
    if not any(map(len, rows)):
        if options.layout == "iterations" and not equal:
            raise ResultsError(f"There is nothing over iterations: {MISSING}.")
        raise ResultsError("Nothing fits: these results hold no such epsilon, or sign alone.")
    if options.format == "csv":
        return to_csv(rows)
    return "\n".join(map(FORMATS[options.format], tables))


@command("table.py")
def main(arguments: list[str]) -> int:
    """Prints or writes the tables; returns the exit code."""
    options = parse(arguments)
    text = render(options)
    if options.output is None:
        say(text.removesuffix("\n"))
    else:
        save(options.output, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Writes one self-contained HTML page with the tables, figures and settings of finished runs.

Example:
  python scripts/report.py results/sweep -o report.html
"""

import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.command_line import figure_parser
from utils.analysis.families import load_families
from utils.analysis.figures import FIGURES
from utils.analysis.figures.selection import Choices
from utils.analysis.output import save, say
from utils.analysis.report import build_report
from utils.commands import command


@command("report.py")
def main(arguments: list[str]) -> int:
    """Writes the page; returns the exit code."""
    parser = figure_parser(__doc__, FIGURES)
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"))
    parser.add_argument("--title", default="Transfer of sign and corrected attacks")
    options = parser.parse_args(arguments)
    command_line = shlex.join(["python", "scripts/report.py", *arguments])
    found = load_families(options.results, options.rate)
    page = build_report(found, Choices.of(options), options.title, command_line)
    content = page.encode("utf-8", "replace")
    save(options.output, content)
    say(f"{options.output}: {len(content) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

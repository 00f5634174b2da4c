"""Draws the figures of finished runs, as PNG and PDF.

Examples:
  python scripts/figures.py results/sweep -o figures
  python scripts/figures.py results/demo -o figures --figures strip,spectrum --images demo0000
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.command_line import comma_separated, figure_parser
from utils.analysis.families import load_families
from utils.analysis.figures import FIGURES
from utils.analysis.figures.drawing import draw
from utils.analysis.figures.selection import Choices
from utils.analysis.output import say
from utils.commands import command


@command("figures.py")
def main(arguments: list[str]) -> int:
    """Draws and writes the figures; returns the exit code."""
    parser = figure_parser(__doc__, FIGURES)
    parser.add_argument("-o", "--output_dir", type=Path, default=Path("figures"))
    parser.add_argument("--formats", type=comma_separated, default=("png", "pdf"))
    options = parser.parse_args(arguments)
    found = load_families(options.results, options.rate)
    written = draw(found, Choices.of(options), options.output_dir, options.formats)
    say("\n".join(str(path) for path in written))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

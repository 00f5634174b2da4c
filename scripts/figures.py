"""Draws the figures of finished runs, as PNG and PDF.

Examples:
  python scripts/figures.py results/sweep -o figures
  python scripts/figures.py results/demo -o figures --figures strip,spectrum --images demo0000
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.figures import FIGURES
from utils.analysis.figures.drawing import draw
from utils.commands import command


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, help="folders with finished runs")
    parser.add_argument("-o", "--output_dir", type=Path, default=Path("figures"))
    parser.add_argument("--figures", type=_list, default=(), help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--formats", type=_list, default=("png", "pdf"))
    parser.add_argument("--methods", type=_list, default=(), help="only these")
    parser.add_argument("--epsilon", type=float, help="for figures of a single one")
    parser.add_argument("--images", type=_list, default=(), help="ImageIds for image and strip")
    parser.add_argument("--class_names", type=Path, help="one name a line, background first")
    return parser.parse_args(arguments)


@command("figures.py")
def main(arguments: list[str]) -> int:
    """Draws and writes the figures; returns the exit code."""
    options = parse(arguments)
    written = draw(
        options.results,
        options.output_dir,
        options.figures or tuple(FIGURES),
        options.formats,
        class_names_file=options.class_names,
        epsilon=options.epsilon,
        methods=options.methods,
        images=options.images,
    )
    print("\n".join(str(path) for path in written))
    return 0


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Writes one self-contained HTML page with the tables, figures and settings of finished runs.

Example:
  python scripts/report.py results/sweep -o report.html
"""

import argparse
import shlex
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.analysis.figures import FIGURES
from utils.analysis.page.build import build_page
from utils.commands import command


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", nargs="+", type=Path, help="folders with finished runs")
    parser.add_argument("-o", "--output", type=Path, default=Path("report.html"))
    parser.add_argument("--title", default="Transfer of sign and corrected attacks")
    parser.add_argument("--figures", type=_list, default=(), help=f"of {', '.join(FIGURES)}")
    parser.add_argument("--epsilon", type=float, help="for figures of a single one")
    parser.add_argument("--images", type=_list, default=(), help="ImageIds for image and strip")
    parser.add_argument("--class_names", type=Path, help="one name a line, background first")
    return parser.parse_args(arguments)


@command("report.py")
def main(arguments: list[str]) -> int:
    """Writes the page; returns the exit code."""
    options = parse(arguments)
    page = build_page(
        options.results,
        options.figures or tuple(FIGURES),
        options.title,
        shlex.join(["python", "scripts/report.py", *arguments]),
        class_names_file=options.class_names,
        epsilon=options.epsilon,
        images=options.images,
    )
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(page, "utf-8")
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")
    return 0


def _list(text: str) -> tuple[str, ...]:
    return tuple(part for part in text.split(",") if part)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

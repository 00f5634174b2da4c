"""Leaves a finished run's images as public attack tools take them: PNGs by mode, and a label file.

Their labels count from 0: TrueLabel - 1.

Examples:
  python scripts/export.py results/demo/demo_inception/if/eps16 -o exported
  python scripts/export.py RUN --format json_lines --modes affine -o exported
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.arguments import Parser
from utils.commands import command
from utils.pipeline.export import WRITERS, export
from utils.pipeline.run import Run


@command("export.py")
def main(arguments: list[str]) -> int:
    """Exports a run; returns the exit code."""
    parser = Parser(description=__doc__)
    parser.add_argument("run_folder", type=Path, help="the folder with run.json")
    parser.add_argument("-o", "--output_dir", type=Path, default=Path("exported"))
    parser.add_argument("--format", choices=WRITERS, default="labels_csv", help="the label file's")
    parser.add_argument(
        "--modes",
        type=lambda text: tuple(filter(None, text.split(","))),
        default=(),
        help="comma-separated; default: all",
    )
    parser.add_argument("--input_csv", type=Path, help="the CSV, if it is elsewhere now")
    parser.add_argument("--input_dir", type=Path, help="the original images, if elsewhere now")
    given = parser.parse_args(arguments)
    run = Run.reopen(given.run_folder, given.input_csv, given.input_dir)
    written = export(run, given.output_dir, given.format, given.modes)
    print(f"{len(run.dataset)} images: clean PNGs in images/, {', '.join(written[1:])}.")
    print(f"Labels, counting from 0 (--label_offset 1 reads them): {given.output_dir / written[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

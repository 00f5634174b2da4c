"""Judges a finished run anew, from its PNGs alone, and writes transfer.csv and per_image.csv again.

Example:
  python scripts/judge.py results/demo/demo_inception/if/eps16
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.commands import command
from utils.interruption import Interruption
from utils.pipeline.folder import open_run_folder
from utils.pipeline.judge import judge_run
from utils.pipeline.run import Run


@command("judge.py")
def main(arguments: list[str]) -> int:
    """Judges a finished run anew; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run_folder", type=Path, help="the folder with run.json")
    path = parser.parse_args(arguments).run_folder
    run = Run.reopen(path)
    with Interruption() as interruption, open_run_folder(path, path):
        judge_run(replace(run, interruption=interruption), afresh=True)
    print(f"Judged {path} anew from its PNGs: transfer.csv and per_image.csv are written.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

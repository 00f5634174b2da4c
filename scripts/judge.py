"""Judges a finished run anew, from its PNGs alone, and writes transfer.csv and per_image.csv again.

Example:
  python scripts/judge.py results/demo/demo_inception/if/eps16
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.commands import command
from utils.errors import UsageError
from utils.interruption import Interruption
from utils.pipeline.folder import RunFolder, open_run_folder
from utils.pipeline.inputs import load_recorded_dataset
from utils.pipeline.judge import judge_run


@command("judge.py")
def main(arguments: list[str]) -> int:
    """Judges a finished run anew; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run_folder", type=Path, help="the folder with run.json")
    path = parser.parse_args(arguments).run_folder
    record = RunFolder(path).read_run() if path.is_dir() else None
    if record is None:
        raise UsageError(f"{path} holds no run.json: give the folder of a run.")
    dataset = load_recorded_dataset(record)
    with Interruption() as interruption, open_run_folder(path, path) as folder:
        judge_run(record, dataset, folder, interruption, afresh=True)
    print(f"Judged {path} anew from its PNGs: transfer.csv and per_image.csv are written.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Where a finished run's things are now: the flags that judge.py and verify.py share."""

import argparse
from pathlib import Path

from models import split_names
from utils.pipeline.run import Run

TRUSTED = (
    "victims of the run from outside the zoo (saved_model:...) that you trust: they are programs, "
    "which no run's folder may start by itself"
)


def add_place_flags(parser: argparse.ArgumentParser, victims: str = TRUSTED) -> None:
    """Adds the run's folder and the flags for what is no longer where it was.

    Args:
      parser: to add them to.
      victims: the help of --victims.
    """
    parser.add_argument("run_folder", type=Path, help="the folder with run.json")
    parser.add_argument("--input_csv", type=Path, help="the CSV, if it is elsewhere now")
    parser.add_argument("--input_dir", type=Path, help="the original images, if elsewhere now")
    parser.add_argument("--checkpoint_path", type=Path, help="the checkpoints, if elsewhere now")
    parser.add_argument(
        "--victims",
        type=split_names,
        default=(),
        help=victims,
    )


def reopen(given: argparse.Namespace) -> Run:
    """Opens the run that the flags name; raises as `Run.reopen`."""
    return Run.reopen(
        given.run_folder, given.input_csv, given.input_dir, given.checkpoint_path, given.victims
    )

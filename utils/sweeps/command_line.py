"""Flags that sweep.py and reproduce_paper.py share."""

import argparse

from utils.sweeps.runners import RUNNERS


def add_runner_flags(parser: argparse.ArgumentParser) -> None:
    """Adds --output_dir, --limit, --dry_run and who runs the cells."""
    parser.add_argument("--output_dir", help="folder of the results")
    parser.add_argument("--limit", type=positive, help="only the first so many images")
    parser.add_argument("--dry_run", action="store_true", help="list the cells and stop")
    parser.add_argument("--runner", choices=RUNNERS, default="local")
    parser.add_argument(
        "--processes",
        type=positive,
        help="local: cells at a time (default: one a GPU, or one)",
    )
    parser.add_argument(
        "--ray_address", help="ray: the cluster's (default: one that is found, else a local one)"
    )


def positive(text: str) -> int:
    """Reads a whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number of at least 1")
    return int(text)

"""Examines a machine, its checkpoints and its photos: says what is wrong, and the cure.

First Python, TensorFlow, the NVIDIA driver, GPUs and CUDA's libraries. Then each checkpoint: which
network it is, whether all of its variables are there, of the right shape, readable and finite, and,
given photos, how often it is right. Last, how many gradients a second this machine computes and
what a run on 1000 photos would take. The exit code is 0 only where something was found and all is
well.

Examples:
  python scripts/doctor.py
  python scripts/doctor.py --checkpoint_path checkpoints --seconds 0
  python scripts/doctor.py --checkpoint_path checkpoints \\
      --input_csv dev_dataset.csv --input_dir images --limit 100
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models import NETWORKS, Chain, split_defences
from models.diagnosis import Diagnosis, diagnose_folder
from utils.arguments import Parser
from utils.commands import command
from utils.doctor.checkpoints import Photos, clean_accuracy, describe
from utils.doctor.finding import Finding
from utils.doctor.machine import examine
from utils.doctor.photos import check_photos
from utils.errors import UnknownNetwork
from utils.pipeline.participants import ZOOS, Zoo
from utils.sweeps.estimate import duration


@command("doctor.py")
def main(arguments: list[str]) -> int:
    """Runs the doctor; returns the exit code."""
    flags = parse(arguments)
    well = all([_print(finding) for finding in examine()])
    zoo = _zoo_to_examine()
    usable, found, doubts = _examine_checkpoints(flags, zoo)
    well &= not doubts
    if not flags.checkpoint_path and not flags.input_csv:
        well &= _print(check_photos(zoo.input_csv, zoo.input_dir, zoo.max_label, flags.limit))
    if flags.seconds and usable:
        _measure(usable, flags.seconds)
    return 0 if well and found and len(usable) == found else 1


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--checkpoint_path",
        type=Path,
        help="folder to examine; default: checkpoints where that is, else the demo zoo's",
    )
    parser.add_argument("--input_csv", type=Path, help="labels, to measure the clean accuracy")
    parser.add_argument("--input_dir", type=Path, help="photos, to measure the clean accuracy")
    parser.add_argument("--limit", type=int, help="measure on the first so many photos")
    parser.add_argument(
        "--defences",
        type=_chains,
        default=[],
        help="measure the clean accuracy behind these, too: jpeg75,bits4+median3",
    )
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="to count gradients for; 0 for not at all"
    )
    flags = parser.parse_args(arguments)
    if (flags.input_csv is None) != (flags.input_dir is None):
        parser.error("--input_csv and --input_dir belong together")
    if not 0 <= flags.seconds <= 3600:
        parser.error("--seconds must be a number from 0 to 3600")
    return flags


def _chains(text: str) -> list[Chain]:
    try:
        return [split_defences(f"+{chain}")[1] for chain in text.split(",")]
    except UnknownNetwork as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _print(finding: Finding) -> bool:
    print(finding, flush=True)
    return finding.well


def _zoo_to_examine() -> Zoo:
    imagenet = ZOOS["imagenet"]
    return imagenet if imagenet.checkpoint_path.is_dir() else ZOOS["demo"]


def _examine_checkpoints(
    flags: argparse.Namespace, zoo: Zoo
) -> tuple[list[Diagnosis], int, list[str]]:
    """Prints what is in the folder; returns what is usable, how many there are, and doubts."""
    folder = flags.checkpoint_path or zoo.checkpoint_path
    photos = Photos(flags.input_csv, flags.input_dir, flags.limit) if flags.input_csv else None
    names: list[str] = []
    usable: list[Diagnosis] = []
    doubts: list[str] = []
    for diagnosis in diagnose_folder(folder):
        network = diagnosis.network
        print(describe(diagnosis), flush=True)
        if photos and network and diagnosis.usable:
            lines, doubt = clean_accuracy(network, diagnosis.prefix, photos, flags.defences)
            for line in lines:
                print(f"  {line}", flush=True)
            if doubt:
                print(f"  WARNING: {doubt}", flush=True)
                doubts.append(doubt)
        names.append(network.name if network else diagnosis.prefix.name)
        if diagnosis.usable:
            usable.append(diagnosis)
    print(f"not found: {', '.join(name for name in NETWORKS if name not in names)}")
    if not names:
        print(f"There is no checkpoint in {folder}.")
    return usable, len(names), doubts


def _measure(usable: list[Diagnosis], seconds: float) -> None:
    # It builds networks, for which TensorFlow must be there: not before the flags are right.
    from utils.doctor.speed import BATCH, measure

    defaults = {zoo.default_source for zoo in ZOOS.values()}
    named = {each.network.name: each for each in usable if each.network}
    name = next(iter([name for name in named if name in defaults] or named))
    network, prefix = named[name].network, named[name].prefix
    print(f"Speed: counting {name}'s gradients for {seconds:g} s ...", flush=True)
    speed = measure(network, prefix, seconds)
    print(
        f"  {speed.gradients:.1f} gradients a second, {speed.predictions:.1f} predictions a second "
        f"({network.side} pixels, batches of {BATCH})"
    )
    if speed.gradients_tf32:
        gain = speed.gradients_tf32 / speed.gradients
        print(f"  {speed.gradients_tf32:.1f} gradients a second with --tf32: {gain:.2f} times")
    print(
        f"  1000 photos, I-FGSM with sign and affine, judged on {len(named)} network(s) like it: "
        f"about {duration(speed.run_seconds(len(named)))}, and the start"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Examines a folder of checkpoints: the checkpoint doctor.

Says of each which network it is, whether all of its variables are there, of the right shape,
readable and finite, and, given photos, how often it is right. The exit code is 0 only where
something was found and all of it is usable.

Examples:
  python scripts/doctor.py --checkpoint_path checkpoints
  python scripts/doctor.py --checkpoint_path checkpoints \\
      --input_csv dev_dataset.csv --input_dir images --limit 100
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data import read_dataset
from models import NETWORKS, load_classifier
from models.checkpoints import DOCTOR
from models.diagnosis import Diagnosis, diagnose_folder
from utils.commands import command
from utils.pipeline.participants import ZOOS
from utils.pipeline.predictions import Judge

# What is wrong or right with a usable checkpoint, in a line.
Measure = Callable[[Diagnosis], str]
SHOWN = 3


def describe(found: Diagnosis, accuracy: str = "") -> str:
    """A few lines on one checkpoint."""
    name = found.network.name if found.network else found.prefix.name
    if found.fits:
        name = f"{found.prefix.name} (under no network's name; fits {', '.join(found.fits)})"
    lines = [f"{name}: {'usable' if found.usable else 'NOT USABLE'}", f"  file: {found.prefix}"]
    lines += [f"  sha256 {digest}  {file}" for file, digest in found.sha256.items()]
    if found.examination:
        lines += _describe_variables(found)
    if found.error:
        lines.append(f"  {found.error.removesuffix('; ' + DOCTOR)}")
    if accuracy:
        lines.append(f"  {accuracy}")
    return "\n".join(lines)


def _describe_variables(found: Diagnosis) -> list[str]:
    examination = found.examination
    own = "" if examination.scope == found.network.scope else f" (usually {found.network.scope})"
    lines = [
        f"  scope: {examination.scope}{own}",
        f"  variables: {len(examination.matched)} matched, {len(examination.missing)} missing, "
        f"{len(examination.misshapen)} misshapen, {len(examination.extra)} extra",
    ]
    shapes = [f"{name} {was}, not {due}" for name, (was, due) in examination.misshapen.items()]
    for what, names in (
        ("missing", examination.missing),
        ("misshapen", shapes),
        ("extra", examination.extra),
    ):
        if names:
            more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            lines.append(f"    {what}: {', '.join(names[:SHOWN])}{more}")
    return lines


def clean_accuracy(input_csv: Path, input_dir: Path, limit: int | None) -> Measure:
    """Prepares to measure how often a checkpoint is right on photos; missing ones are left out."""

    def measure(found: Diagnosis) -> str:
        network = found.network
        labels = ZOOS[network.zoo].max_label
        dataset = read_dataset(input_csv, input_dir, labels, limit, skip_missing=True)
        judge = Judge.of(load_classifier(network.name, found.prefix))
        right = len(dataset) - judge.count_wrong(dataset.paths, dataset.true_labels)
        accuracy = f"{100 * right / len(dataset):.1f} % of {len(dataset)} images"
        published = network.clean_accuracy
        beside = f"published {published} % on 1000" if published else "none published"
        return f"clean accuracy: {accuracy} ({beside})"

    return measure


def check(path: Path, measure: Measure | None = None) -> bool:
    """Prints what is in a folder of checkpoints and returns whether all of it is usable.

    Args:
      path: the folder, or one checkpoint.
      measure: says more of each usable one; None says nothing more.

    Raises:
      ModelError: no such folder.
    """
    found, usable = set(), True
    for diagnosis in diagnose_folder(path):
        line = measure(diagnosis) if measure and diagnosis.usable else ""
        print(describe(diagnosis, line), flush=True)
        found.add(diagnosis.network.name if diagnosis.network else diagnosis.prefix.name)
        usable = usable and diagnosis.usable
    print(f"not found: {', '.join(name for name in NETWORKS if name not in found)}")
    if not found:
        print(f"There is no checkpoint in {path}.")
    return usable and bool(found)


@command("doctor.py")
def main(arguments: list[str]) -> int:
    """Runs the doctor; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--checkpoint_path", type=Path, required=True, help="folder to examine")
    parser.add_argument("--input_csv", type=Path, help="labels, to measure the clean accuracy")
    parser.add_argument("--input_dir", type=Path, help="photos, to measure the clean accuracy")
    parser.add_argument("--limit", type=int, help="measure on the first so many photos")
    flags = parser.parse_args(arguments)
    if (flags.input_csv is None) != (flags.input_dir is None):
        parser.error("--input_csv and --input_dir belong together")
    measure = clean_accuracy(flags.input_csv, flags.input_dir, flags.limit)
    return 0 if check(flags.checkpoint_path, measure if flags.input_csv else None) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

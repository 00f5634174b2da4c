"""The checkpoint doctor: `python -m models.check --checkpoint_path DIR`.

Goes over every checkpoint in a folder and says which network it is, whether all of its variables
are there, of the right shape, readable and finite, and, given photos, how often it is right. The
exit code is 0 only where something was found and all of it is usable.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from models.checkpoints import DOCTOR
from models.classifier import Classifier
from models.diagnosis import Diagnosis, diagnose_folder
from models.loading import load_classifier
from models.network import Network
from models.zoo import NETWORKS

# (classifier, its row) -> (images that it gets right, images in all).
Accuracy = Callable[[Classifier, Network], tuple[int, int]]
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


def measure(found: Diagnosis, accuracy: Accuracy) -> str:
    """One line on how often a usable checkpoint is right, beside the published figure."""
    network = found.network
    right, images = accuracy(load_classifier(network.name, found.prefix), network)
    published = network.clean_accuracy
    beside = f"published {published} % on 1000" if published else "none published"
    return f"clean accuracy: {100 * right / images:.1f} % of {images} images ({beside})"


def check(path: Path, accuracy: Accuracy | None = None) -> bool:
    """Prints what is in a folder of checkpoints and returns whether all of it is usable.

    Args:
      path: the folder, or one checkpoint.
      accuracy: measures a classifier; None leaves that out.

    Raises:
      ModelError: no such folder.
    """
    found, usable = set(), True
    for diagnosis in diagnose_folder(path):
        line = measure(diagnosis, accuracy) if accuracy and diagnosis.usable else ""
        print(describe(diagnosis, line), flush=True)
        found.add(diagnosis.network.name if diagnosis.network else diagnosis.prefix.name)
        usable = usable and diagnosis.usable
    print(f"not found: {', '.join(name for name in NETWORKS if name not in found)}")
    if not found:
        print(f"There is no checkpoint in {path}.")
    return usable and bool(found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the doctor; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m models.check", description=__doc__)
    parser.add_argument("--checkpoint_path", type=Path, required=True, help="folder to examine")
    parser.add_argument("--input_csv", type=Path, help="labels, to measure the clean accuracy")
    parser.add_argument("--input_dir", type=Path, help="photos, to measure the clean accuracy")
    parser.add_argument("--limit", type=int, help="measure on the first so many photos")
    flags = parser.parse_args(arguments)
    if (flags.input_csv is None) != (flags.input_dir is None):
        parser.error("--input_csv and --input_dir belong together")
    try:
        accuracy = None
        if flags.input_csv:
            # Photos are none of this wing's business: the run's own code reads and judges them.
            from utils.clean_accuracy import clean_accuracy

            accuracy = clean_accuracy(flags.input_csv, flags.input_dir, flags.limit)
        return 0 if check(flags.checkpoint_path, accuracy) else 1
    except (ValueError, OSError) as error:
        print(f"models.check: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())

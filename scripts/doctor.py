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
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data import read_dataset
from models import NETWORKS, Network, load_classifier
from models.checkpoints import DOCTOR, Examination
from models.diagnosis import Diagnosis, diagnose_folder
from utils.commands import command
from utils.pipeline.participants import ZOOS
from utils.pipeline.plausibility import doubt
from utils.pipeline.predictions import Judge

# Of the variables that something is wrong with, so many are named.
SHOWN = 3


def describe(found: Diagnosis) -> str:
    """A few lines on one checkpoint."""
    name = found.network.name if found.network else found.prefix.name
    if found.fits:
        name = f"{found.prefix.name} (under no network's name; fits {', '.join(found.fits)})"
    lines = [f"{name}: {'usable' if found.usable else 'NOT USABLE'}", f"  file: {found.prefix}"]
    lines += [f"  sha256 {digest}  {file}" for file, digest in found.sha256.items()]
    if found.examination and found.network:
        lines += _describe_variables(found.examination, found.network)
    if found.error:
        lines.append(f"  {found.error.removesuffix('; ' + DOCTOR)}")
    return "\n".join(lines)


def _describe_variables(examination: Examination, network: Network) -> list[str]:
    usual = "" if examination.scope == network.scope else f" (usually {network.scope})"
    lines = [
        f"  scope: {examination.scope}{usual}",
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


def clean_accuracy(network: Network, prefix: Path, photos: argparse.Namespace) -> str:
    """Says how often a usable checkpoint is right on the photos of the flags that are there."""
    max_label = ZOOS[network.zoo].max_label
    dataset = read_dataset(
        photos.input_csv, photos.input_dir, max_label, photos.limit, skip_missing=True
    )
    judge = Judge.of(load_classifier(network.name, prefix))
    labels, true_labels = judge.classify(dataset.paths), dataset.true_labels
    published = network.clean_accuracy
    reference = f"published {published} % on 1000" if published else "none published"
    accuracy = f"{100 * (labels == true_labels).mean():.1f} % of {len(dataset)} images"
    warning = doubt(network.name, labels, true_labels, published)
    return f"clean accuracy: {accuracy} ({reference})" + (f"\n  WARNING: {warning}" * bool(warning))


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
    found, usable = set(), True
    for diagnosis in diagnose_folder(flags.checkpoint_path):
        network = diagnosis.network
        print(describe(diagnosis), flush=True)
        if flags.input_csv and network and diagnosis.usable:
            print(f"  {clean_accuracy(network, diagnosis.prefix, flags)}", flush=True)
        found.add(network.name if network else diagnosis.prefix.name)
        usable = usable and diagnosis.usable
    print(f"not found: {', '.join(name for name in NETWORKS if name not in found)}")
    if not found:
        print(f"There is no checkpoint in {flags.checkpoint_path}.")
    return 0 if usable and found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Exports one step of FGSM as HLO, the compiler's own program, to run and time where JAX is.

Writes step.hlo.txt and step.hlo.pb (the program), step.json (what it takes, in order) and step.npz
(an array for each, and what TensorFlow computes with them on this processor, to compare with). The
weights are those of --checkpoint_path, or random ones.

Example:
  python scripts/export_step.py --source inception_v3 --batch_size 32 --mode affine -o step
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from methods import MODES
from models import NETWORKS, load_classifier
from models.loading import DTYPES
from utils.arguments import Parser
from utils.benchmarks.export import export_step
from utils.benchmarks.workload import random_checkpoint, random_inputs
from utils.commands import command


@command("export_step.py")
def main(arguments: list[str]) -> int:
    """Exports, and returns the exit code."""
    parser = Parser(description=__doc__)
    parser.add_argument("--source", default="inception_v3", choices=NETWORKS, metavar="NETWORK")
    parser.add_argument("--checkpoint_path", type=Path, help="its checkpoint; default: random")
    parser.add_argument("--mode", default="affine", choices=MODES, metavar="MODE")
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--dtype", default="float32", choices=DTYPES)
    parser.add_argument("-o", "--output_dir", type=Path, required=True)
    flags = parser.parse_args(arguments)
    if not 1 <= flags.batch_size <= 1024:
        parser.error("--batch_size must be a whole number from 1 to 1024")
    with tempfile.TemporaryDirectory() as folder:
        if flags.checkpoint_path is None:
            random_checkpoint(flags.source, Path(folder))
        place = flags.checkpoint_path or folder
        classifier = load_classifier(flags.source, place, dtype=flags.dtype)
    inputs = random_inputs(flags.source, flags.batch_size)
    step = export_step(classifier, flags.mode, inputs)
    step.write(flags.output_dir)
    print(
        f"{flags.output_dir}: FGSM's step in mode {flags.mode} on {flags.source}, "
        f"{flags.batch_size} images, {flags.dtype}; {len(step.parameters)} parameters."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

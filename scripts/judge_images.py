"""Judges adversarial PNGs that another program made, with the figures of a run.

The output folder gets transfer.csv, per_image.csv, run.json and the PNGs, as a run of attack.py
leaves them, so that table.py, figures.py and report.py read it. Several folders are compared on the
same images, each with the first.

Examples:
  python scripts/judge_images.py --adversarial_dir theirs/ --input_csv labels.csv \\
      --input_dir clean/ --victims demo_resnet,demo_vgg --output_dir judged
  python scripts/judge_images.py --adversarial_dir sign=mim/ --adversarial_dir vmi=vmi/ \\
      --input_dir clean/ --victims resnet_v2_50,vgg_16 --output_dir judged --on_problem drop
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from data.foreign_labels import FORMATS, NATIVE
from models import split_names
from utils.arguments import Parser
from utils.commands import command, positive
from utils.errors import UsageError
from utils.pipeline.images_summary import summarise_images
from utils.pipeline.judged_images import POLICIES, REFUSE, Request, is_name, judge_images
from utils.pipeline.names import safe_name


@command("judge_images.py")
def main(arguments: list[str]) -> int:
    """Judges folders of PNGs; returns the exit code."""
    given = vars(_parser().parse_args(arguments))
    given["folders"] = _folders(given.pop("adversarial_dir"))
    print(summarise_images(*judge_images(Request(**given))))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(description=__doc__)
    add = parser.add_argument
    add("--adversarial_dir", action="append", required=True, metavar="[NAME=]DIR")
    add("--input_csv", default="", help="labels, as attack.py takes them; default: the zoo's own")
    add("--input_dir", default="", help="the clean PNGs, of the same names; default: the zoo's")
    add("--victims", type=split_names, required=True, help="networks, comma-separated")
    add("--output_dir", type=Path, required=True, help="the folder to write")
    add("--checkpoint_path", default="", help="folder of the victims' checkpoints")
    add("--source", default="", help="the network that the images were made on, if it is known")
    add("--method", default="images", help="what tables call the attack")
    add("--max_epsilon", type=float, default=16.0, help="the bound they must keep, of 255")
    add("--targeted", action="store_true", help="TargetClass was aimed at")
    add(
        "--on_problem",
        dest="policy",
        choices=POLICIES,
        default=REFUSE,
        help="of images missing, broken, of another size or beyond the bound: refuse, drop (in "
        "every folder), or keep those beyond the bound and drop the others",
    )
    add("--limit", type=positive, help="the first so many images")
    add("--label_format", choices=("auto", NATIVE, *FORMATS), default="auto")
    add("--label_offset", type=int, choices=(0, 1), help="what to add to another tool's labels")
    add("--batch_size", type=positive, default=16)
    add("--overwrite", action="store_true", help="start anew where OUT has results")
    return parser


def _folders(texts: list[str]) -> dict[str, Path]:
    """Returns name -> folder of [NAME=]DIR.

    Raises:
      UsageError: a name that can't be one, or twice.
    """
    found: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or Path(text).is_dir():
            path, name = text, safe_name(Path(text).resolve().name)
        if not is_name(name):
            raise UsageError(
                f"--adversarial_dir {text}: {name[:80]!a} can't be a folder's name: use letters, "
                'digits, "_", "-" and ".", and not "clean".'
            )
        if name in found:
            raise UsageError(f"--adversarial_dir names {name} twice: give NAME=DIR.")
        found[name] = Path(path)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

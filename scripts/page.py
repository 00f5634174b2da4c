"""Shows attacks live in the browser: one image, a slider for epsilon, what each network says.

Examples:
  bash scripts/page.sh
  python scripts/page.py --checkpoint_path checkpoints --input_csv dev.csv --input_dir images
      ImageNet networks beside the demo zoo.
  python scripts/page.py --networks "digits=saved_model:PATH?side=28&classes=10&range=-1,1"
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from models import ShortNames, get_network, split_names
from utils.analysis.class_names import class_names
from utils.answers import holds_answers
from utils.arguments import Parser
from utils.commands import command
from utils.errors import RunError, UsageError
from utils.page.engine import Engine
from utils.page.offer import Offer, found_in
from utils.pipeline.participants import ZOOS

_LARGEST_UPLOAD = 16 << 20


@command("page.py")
def main(arguments: list[str]) -> int:
    """Serves the page until it is interrupted; returns the exit code."""
    parser = Parser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="who may see it; 0.0.0.0: everybody")
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    parser.add_argument("--checkpoint_path", default="", help="folder of ImageNet checkpoints")
    parser.add_argument(
        "--input_csv", default="", help="CSV of images of --networks, else of ImageNet"
    )
    parser.add_argument("--input_dir", default="", help="folder of these images")
    parser.add_argument("--networks", default="", help="others, comma-separated, as --victims")
    parser.add_argument(
        "--class_names", type=Path, help="of ImageNet, one a line, background first"
    )
    parser.add_argument("--memory", type=float, default=2.0, help="GB of networks that are kept")
    parser.add_argument("--no_browser", action="store_true", help="don't open it")
    given = parser.parse_args(arguments)
    offers = _offers(given)
    names = {
        offer.class_zoo: class_names(
            offer.class_zoo,
            given.class_names if offer.zoo == "imagenet" else None,
            offer.input_csv,
        )
        for offer in offers
    }
    for ending in (signal.SIGTERM, signal.SIGHUP):
        # As Ctrl-C: what visitors brought goes away with the page.
        signal.signal(ending, signal.default_int_handler)
    place = Path(tempfile.mkdtemp(prefix="fgnm-page-"))
    # Whatever Gradio and others write goes there, and goes away with it.
    os.environ["GRADIO_TEMP_DIR"] = str(place / "uploads")
    tempfile.tempdir = str(place)
    try:
        try:
            from utils.page.layout import build, start
        except ImportError as error:
            raise RunError(
                f"The page needs Gradio ({error}): start it with `bash scripts/page.sh`, or "
                "`pip install -r requirements-page.txt`."
            ) from error
        from utils.page.desk import Desk

        desk = Desk(offers, names, Engine(given.memory * 1e9))
        page = build(desk, place)
        address = start(page, given.host, given.port, _LARGEST_UPLOAD, not given.no_browser)
        print(f"The page is at {address} (Ctrl-C ends it).", flush=True)
        page.block_thread()
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return 0


def _offers(given: argparse.Namespace) -> list[Offer]:
    """Networks of one's own, the demo zoo, and ImageNet where a network of it is there."""
    named = split_names(given.networks.split(",")) if given.networks else ()
    short = ShortNames.of(named)
    meanings = {name: short.meaning(short.name(name)) for name in named}
    if told := next(filter(holds_answers, meanings.values()), ""):
        raise UsageError(f"--networks {told} can't be: it answers to given images, not the page's.")
    imagenet = [name for name in named if get_network(meanings[name]).zoo == "imagenet"]
    # Of as many classes as the demo zoo's, but of others.
    own = [name for name in named if name not in imagenet and ":" in meanings[name]]
    images = {"input_csv": given.input_csv, "input_dir": given.input_dir}
    offers = [Offer.find("demo", "", own, **images, alone=True)] if own else []
    offers.append(Offer.find("demo", "", [n for n in named if n not in {*imagenet, *own}]))
    folder = Path(given.checkpoint_path or ZOOS["imagenet"].checkpoint_path)
    if given.checkpoint_path or found_in("imagenet", folder) or imagenet:
        its_images = {} if own else images
        offers.append(Offer.find("imagenet", given.checkpoint_path, imagenet, **its_images))
    return offers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Times what a run does around the gradients: reading, directions, PNGs, judging, tables.

The same run is done on a real network (random weights) and on networks that cost nothing; what the
second takes is what there is around the gradients. What judging takes, scripts/judge.py shows on a
finished run. Times are per batch and without what happens once, such as loading and tracing.

--contests pace asks whether processors keep up with a GPU: whole runs on networks that average the
image, whose source's gradients take the time of a simulated GPU's without using a processor.
--before adds another checkout's program, in turns with this one's.

Examples:
  python scripts/bench_io.py --contests around --batch_size 8 --batches 2
  python scripts/bench_io.py --contests pace --before ../another/checkout
"""

import argparse
import io
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import cache, partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from methods import AttackSettings
from models import NETWORKS, load_classifier
from scripts import judge
from utils.arguments import Parser
from utils.benchmarks.clock import cpu_ratio, description, wall_ratio
from utils.benchmarks.comparison import MODES, make_attack
from utils.benchmarks.overhead import Runs, judging, per_batch
from utils.benchmarks.pace import (
    OURS,
    Pace,
    as_photos_come,
    table_of_parts,
    table_of_processors,
    table_of_victims,
)
from utils.benchmarks.pace_process import SIDE as PACE_SIDE
from utils.benchmarks.workload import (
    free_networks,
    random_checkpoint,
    random_inputs,
    write_photos,
)
from utils.commands import command
from utils.pipeline.config import RunConfig

FREE, WAITING = "free", "free_waiting"
CONTESTS = ("around", "pace")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument(
        "--contests",
        type=lambda text: text.split(","),
        default=list(CONTESTS),
        help=f"what to measure, separated by commas: {', '.join(CONTESTS)}",
    )
    parser.add_argument("--source", default="inception_v3", choices=NETWORKS, metavar="NETWORK")
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--num_iter", type=int, default=10)
    parser.add_argument("--victims", type=int, default=5, help="whose judging is counted")
    parser.add_argument("--batches", type=int, default=2, help="timed, after a first")
    parser.add_argument(
        "--free_batches", type=int, default=8, help="the same, for networks that cost nothing"
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument(
        "--gradient_seconds", type=float, default=0.05, help="waited for in the overlap's trial"
    )
    parser.add_argument(
        "--gradients_per_second", type=float, default=3000, help="of pace's simulated GPU"
    )
    parser.add_argument("--pace_victims", type=int, default=9, help="beside pace's runs with one")
    parser.add_argument(
        "--pace_images",
        type=int,
        nargs=2,
        default=(16, 160),
        help="the difference between runs of both counts is what pace shows",
    )
    parser.add_argument("--before", type=Path, help="another checkout, which pace compares with")
    flags = parser.parse_args(arguments)
    if unknown := set(flags.contests) - set(CONTESTS):
        parser.error(f"argument --contests: unknown {', '.join(sorted(unknown))}")
    if flags.pace_victims < 2:
        parser.error("argument --pace_victims: at least 2")
    if not 0 < flags.pace_images[0] < flags.pace_images[1]:
        parser.error("argument --pace_images: two counts, the smaller one first")
    return flags


@command("bench_io.py")
def main(arguments: list[str]) -> int:
    """Measures, prints Markdown, and returns the exit code."""
    flags = parse(arguments)
    print(description() + "\n", flush=True)
    if "pace" in flags.contests:
        _measure_pace(flags)
    if "around" in flags.contests:
        _measure_around(flags)
    return 0


def _measure_pace(flags: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        csv, images = write_photos(Path(name), flags.pace_images[1], PACE_SIDE)
        as_photos_come(images)
        pace = Pace(
            csv.parent,
            tuple(flags.pace_images),
            (1, flags.pace_victims),
            flags.gradients_per_second,
        )
        trees = {"this one": OURS}
        if flags.before:
            trees = {"before": flags.before} | trees
        on_two: dict[str, list] = {tree: [] for tree in trees}
        for _ in range(flags.repeats):
            for tree, place in trees.items():
                on_two[tree].append(pace.measure(2, place))
        on_one = {tree: pace.measure(1, place)[0] for tree, place in trees.items()}
        by_processors = {
            tree: {
                1: on_one[tree],
                2: min((each[0] for each in found), key=lambda one: one["wall"]),
            }
            for tree, found in on_two.items()
        }
        parts = pace.measure(2, parts=True)
    print(
        f"Networks that average the image, {pace.iterations} iterations, sign + affine, a "
        f"simulated GPU of {pace.gradients_per_second:g} gradients a second.\n"
    )
    print(table_of_victims(on_two, pace) + "\n")
    print(table_of_processors(by_processors["this one"], by_processors.get("before")) + "\n")
    print(table_of_parts(parts, pace) + "\n", flush=True)


def _measure_around(flags: argparse.Namespace) -> None:
    from utils.quiet import tf

    tf.get_logger().setLevel("ERROR")
    print(
        f"{flags.source}, batch {flags.batch_size}, {flags.num_iter} iterations, sign + affine.\n"
    )
    row = NETWORKS[flags.source]
    victims = [f"free_{number}" for number in range(flags.victims)]
    waits = dict.fromkeys((FREE, *victims), 0.0) | {WAITING: flags.gradient_seconds}
    with tempfile.TemporaryDirectory() as name, free_networks(Path(name), row, waits):
        folder = Path(name)
        random_checkpoint(flags.source, folder)
        count = flags.batch_size * (1 + max(flags.batches, flags.free_batches))
        csv, images = write_photos(folder, count, row.side)
        config = RunConfig(
            batch_size=flags.batch_size,
            attack=AttackSettings(num_iter=flags.num_iter),
            victims=tuple(victims),
            checkpoint_path=str(folder),
            input_csv=str(csv),
            input_dir=str(images),
        )
        _measure_runs(Runs(folder, config), folder, flags)
        paths = sorted(images.glob("*.png"))[: flags.batch_size * (1 + flags.batches)]
        network = load_classifier(flags.source, folder)
        timed = judging(network, paths, flags.batch_size, flags.repeats)
        print(
            f"Judging: {cpu_ratio(timed['bare'], timed['judge']):.3f} of the bare forward loop's "
            f"rate by CPU time, {wall_ratio(timed['bare'], timed['judge']):.3f} by the clock."
        )


def _measure_runs(runs: Runs, folder: Path, flags: argparse.Namespace) -> None:
    def loop(name: str) -> Callable[[int], object]:
        source = load_classifier(name, folder).logits_and_aux
        inputs = random_inputs(name, flags.batch_size)
        attack = make_attack(source, "if", flags.num_iter, inputs, MODES)
        return lambda count: [attack() for _ in range(count)]

    finished = cache(partial(runs.run, FREE))

    def judge_again(count: int) -> None:
        with redirect_stdout(io.StringIO()):
            judge.main([str(finished(count))])

    real = {"real run": partial(runs.run, flags.source)}
    taken = per_batch(real, flags.batches, flags.repeats)
    # These are quick, so it takes more batches to tell them from what happens once.
    contestants: dict[str, Callable[[int], object]] = {
        "run": partial(runs.run, FREE),
        "judge": judge_again,
        "loop": loop(FREE),
        "files": runs.read_and_write,
        "waiting run": partial(runs.run, WAITING),
        "waiting loop": loop(WAITING),
    }
    taken |= per_batch(contestants, flags.free_batches, flags.repeats)
    cpu, wall = ({name: pair[i] for name, pair in taken.items()} for i in (0, 1))
    crafting = cpu["real run"] - cpu["judge"]
    parts = {
        "crafting, the real network": crafting,
        "directions, clip, cosine (the loop on a free network)": cpu["loop"],
        "reading images, rounding, PNGs": cpu["files"],
        "all around the gradients while crafting": cpu["run"] - cpu["judge"],
        f"judging {flags.victims} free victims from PNGs, costs, tables": cpu["judge"],
        "everything around the gradients": cpu["run"],
    }
    print("| stage | CPU ms an image | share of crafting |\n|---|---|---|")
    for stage, seconds in parts.items():
        milliseconds = 1e3 * seconds / flags.batch_size
        print(f"| {stage} | {milliseconds:.1f} | {100 * seconds / crafting:.1f} % |")
    loop_time, files, both = (
        1e3 * seconds
        for seconds in (wall["waiting loop"], wall["files"], wall["waiting run"] - wall["judge"])
    )
    print(
        f"\nOverlap, gradients that wait {1e3 * flags.gradient_seconds:.0f} ms: the loop takes "
        f"{loop_time:.0f} ms a batch by the clock, its files {files:.0f} ms, crafting with both "
        f"{both:.0f} ms: {100 * (1 - (both - loop_time) / files):.0f} % of the files' time is "
        "hidden.\n",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

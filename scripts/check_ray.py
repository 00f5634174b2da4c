"""Shows that a sweep on Ray outlives one of its nodes: two local ones, of which one is killed.

A small grid of the demo zoo is run once by a local worker and once by actors on two nodes of this
machine; when both are at work, one node is killed. All tables and images must be the same.

Example: python scripts/check_ray.py --output_dir /tmp/check_ray   (after requirements-ray.txt)
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from utils.arguments import Parser
from utils.commands import command
from utils.errors import RunError, UsageError

_ROOT = Path(__file__).resolve().parent.parent
_GRID = """
sources: [demo_vgg]
methods: [if, m]
modes: [sign]
epsilons: [16]
victims: [demo_resnet]
flags: {limit: 24, batch_size: 4, num_iter: NUM_ITER}
"""
_PATIENCE = 600  # seconds


def parse(arguments: list[str]) -> argparse.Namespace:
    """Parses the command line."""
    parser = Parser(description=__doc__)
    parser.add_argument("--output_dir", required=True, help="an empty folder, or a new one")
    parser.add_argument("--num_iter", type=int, default=100, help="more make cells longer")
    return parser.parse_args(arguments)


@command("check_ray.py")
def main(arguments: list[str]) -> int:
    """Runs the check; returns 0 where both sweeps left the same bytes."""
    options = parse(arguments)
    try:
        from ray.cluster_utils import Cluster
    except ImportError as error:
        raise UsageError("Ray is missing: `pip install -r requirements-ray.txt`.") from error
    output = Path(options.output_dir).absolute()
    if output.exists() and any(output.iterdir()):
        raise UsageError(f"--output_dir {output} is not empty: give another folder.")
    output.mkdir(parents=True, exist_ok=True)
    grid = output / "grid.yaml"
    grid.write_text(_GRID.replace("NUM_ITER", str(options.num_iter)))
    local, on_ray = output / "local", output / "ray"
    if _sweep(grid, local).wait():
        raise RunError("The local sweep failed.")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        node = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        print("Two nodes are up.", flush=True)
        sweep = _sweep(grid, on_ray, "--runner", "ray", "--ray_address", cluster.address)
        _wait_for_two_at_work(on_ray, sweep)
        print("Both are at work; one is killed.", flush=True)
        cluster.remove_node(node, allow_graceful=False)
        if sweep.wait():
            raise RunError("The sweep on Ray failed.")
    finally:
        cluster.shutdown()
    expected, found = results(local), results(on_ray)
    if found != expected:
        names = sorted(n for n in expected.keys() | found if expected.get(n) != found.get(n))
        raise RunError(f"{len(names)} file(s) differ, the first is {names[0]}.")
    print(f"{len(found)} PNGs and tables are the same, though a node died.")
    return 0


def _sweep(grid: Path, folder: Path, *more: str) -> subprocess.Popen:
    script = str(_ROOT / "scripts" / "sweep.py")
    return subprocess.Popen(
        [sys.executable, script, "--grid", str(grid), "--output_dir", str(folder), *more]
    )


def _wait_for_two_at_work(folder: Path, sweep: subprocess.Popen) -> None:
    deadline = time.monotonic() + _PATIENCE
    while len(under_way(folder)) < 2:
        if sweep.poll() is not None:
            raise RunError("The sweep ended before two cells were under way: raise --num_iter.")
        if time.monotonic() > deadline:
            raise RunError(f"No two cells were under way within {_PATIENCE} s.")
        time.sleep(0.05)


def under_way(folder: Path) -> list[Path]:
    """Returns the runs that have made an image and are not complete."""
    journals = folder.rglob(".progress/crafted.jsonl")
    runs = [path.parents[1] for path in journals if path.stat().st_size]
    return [run for run in runs if '"status": "complete"' not in (run / "run.json").read_text()]


def results(folder: Path) -> dict[str, bytes]:
    """Returns name -> bytes of every PNG and table."""
    files = [*folder.rglob("*.png"), *folder.rglob("*.csv")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

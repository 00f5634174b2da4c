"""Shows that a sweep survives the death of a node: one grid, locally and on two Ray nodes.

    python scripts/check_ray.py --grid GRID --output_dir FOLDER

Both nodes are on this machine; one is killed as soon as a cell is under way on each. The tables of
the two sweeps must be the same to the byte. Needs requirements-ray.txt.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str]) -> int:
    """Runs both sweeps; returns 0 if their tables agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grid", required=True)
    parser.add_argument("--output_dir", type=Path, required=True, help="a new folder")
    options = parser.parse_args(arguments)
    local, cluster = options.output_dir / "local", options.output_dir / "ray"
    _sweep(options.grid, local).wait()
    failed = _on_cluster(options.grid, cluster)
    tables = [_table(folder) for folder in (local, cluster)]
    same = tables[0] == tables[1]
    print(
        f"{tables[0].count(chr(10)) - 1} rows; the tables are {'equal' if same else 'DIFFERENT'}."
    )
    return 0 if same and not failed else 1


def _on_cluster(grid: str, folder: Path) -> int:
    # Optional: imported where it is needed.
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        worker = cluster.add_node(num_cpus=1)
        cluster.wait_for_nodes()
        process = _sweep(grid, folder, "--runner", "ray", "--ray_address", cluster.address)
        while process.poll() is None and len(_under_way(folder)) < 2:
            time.sleep(0.2)
        print(f"Killing a node; under way: {', '.join(_under_way(folder))}", flush=True)
        cluster.remove_node(worker, allow_graceful=False)
        return process.wait()
    finally:
        cluster.shutdown()


def _under_way(folder: Path) -> list[str]:
    """The runs that have made an image and are not complete."""
    journals = folder.rglob(".progress/crafted.jsonl")
    runs = [path.parents[1] for path in journals if path.stat().st_size]
    complete = '"status": "complete"'
    return [str(run) for run in runs if complete not in (run / "run.json").read_text()]


def _sweep(grid: str, folder: Path, *more: str) -> subprocess.Popen:
    command = [sys.executable, ROOT / "scripts" / "sweep.py", "--grid", grid]
    return subprocess.Popen([*command, "--output_dir", folder, *more])


def _table(folder: Path) -> str:
    command = [sys.executable, ROOT / "scripts" / "table.py", folder, "--format", "csv"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Which program, and with how many threads: what run.json says beside versions and devices."""

import subprocess
from functools import cache
from pathlib import Path

from utils.pipeline.record import Threads
from utils.quiet import tf

NO_GIT = "no git"
_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 5.0  # seconds


@cache
def program_commit() -> str:
    """Returns the commit of this program as a process first finds it: what it runs ever after."""
    return git_commit()


def git_commit(root: Path = _ROOT) -> str:
    """Returns the commit of the program, "+changes" where files differ from it, or "no git"."""
    # Not that of a repository which this folder only lies in.
    if not (root / ".git").exists():
        return NO_GIT
    commit = _git(root, "rev-parse", "HEAD")
    if not commit:
        return NO_GIT
    changed = _git(root, "status", "--porcelain", "--untracked-files=no")
    return commit + ("+changes" if changed else "")


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()


def threads() -> Threads:
    """Returns TensorFlow's settings of threads; 0 leaves the number to it."""
    return Threads(
        intra_op=tf.config.threading.get_intra_op_parallelism_threads(),
        inter_op=tf.config.threading.get_inter_op_parallelism_threads(),
    )

"""Runs one after another in this process, which starts TensorFlow and loads networks once."""

import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from utils.commands import command
from utils.errors import BenchError
from utils.pipeline.config import RunConfig
from utils.pipeline.execute import execute
from utils.pipeline.inputs import load_dataset
from utils.pipeline.participants import choose_networks
from utils.pipeline.photos import Names, prepare
from utils.pipeline.session import MEMORY, Session


def run_one(
    config: RunConfig,
    session: Session,
    line: str = "",
    names: Names | None = None,
    after: Callable[[Path], None] | None = None,
) -> int:
    """Does one run as attack.py does, its sentence included, and returns the exit code.

    Args:
      config: its flags.
      session: what it shares; emptied where the run fails for a reason that nobody foresaw.
      line: the command that run.json names; empty: this process's own.
      names: as of `execute`.
      after: called with the run's folder.
    """

    @command("attack.py")
    def run(_: list[str]) -> int:
        try:
            folder = execute(config, session, line, names)
            if after is not None:
                after(folder)
            return 0
        except BenchError:
            raise
        except BaseException:
            # It may have been the memory that ended, or something that is kept.
            session.clear()
            raise

    try:
        return run([])
    except Exception:
        traceback.print_exc()
        return 1


def run_in_turn(
    configs: Sequence[RunConfig],
    names: Names | None = None,
    after: Callable[[Path], None] | None = None,
) -> int:
    """Does runs that differ in method and bound alone; one that fails doesn't keep the others.

    Args:
      configs: their flags.
      names: as of `execute`.
      after: called with the folder of each run that came to its end.

    Returns:
      0; 1 where a run failed; 128 + the signal that stopped them.

    Raises:
      BenchError: no run can begin: networks or images aren't there.
    """
    session, failed = Session(MEMORY), []
    # Each run says what its images are; they are made once.
    networks, _ = prepare(configs[0], choose_networks(configs[0]), session, names, tell=False)
    load_dataset(configs[0], networks)
    for number, config in enumerate(configs, 1):
        name = f"--method {config.method}, {config.attack.bound}"
        print(f"\n[{number}/{len(configs)}] {name}", flush=True)
        code = run_one(config, session, names=names, after=after)
        if code > 128:
            return code
        if code:
            failed.append(name)
    print(
        f"\n{len(configs)} runs, {len(failed)} failed{': ' if failed else '.'}{'; '.join(failed)}"
    )
    return 1 if failed else 0

"""Flags that change nothing beside the others: taken in silence, they would mislead."""

from collections.abc import Collection, Sequence
from pathlib import Path

from methods import PARTS, parse_method
from utils.errors import DataError, UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.record import RUN_FILE, RunRecord
from utils.success import REFERENCE

# Flag -> the mode that it is for.
_OF_MODES = {"k": "test", "rescale_form": "rescale"}


def idle_flags(config: RunConfig) -> dict[str, str]:
    """Returns the flags whose value no result depends on, with what would make it count."""
    method, attack = parse_method(config.method), config.attack
    found = {
        name: "--method with " + " or ".join(f"{x} ({PARTS[x].title})" for x in letters)
        for name, letters in method.unused_flags().items()
    }
    if "t" in method.letters and not method.exclusive("momentum"):
        found["ti_position"] = "--method with m (MI-FGSM) or n (NI-FGSM) beside t"
    if method.one_step and attack.num_iter != 1:
        found["num_iter"] = "a method that iterates, such as if"
    if attack.norm == "l2":
        found["max_epsilon"] = "--norm linf (in the L2 ball, --max_l2 is the bound)"
    else:
        found["max_l2"] = "--norm l2 (in the box, --max_epsilon is the bound)"
    if attack.targeted:
        found["label"] = "a run without --targeted (which approaches TargetClass)"
    if not config.compare_sign and REFERENCE in config.mode:
        found["compare_sign"] = "a --mode without sign"
    found |= {
        name: f"--mode {mode}" for name, mode in _OF_MODES.items() if mode not in config.modes
    }
    return found


def refuse_idle(configs: Sequence[RunConfig], given: Collection[str]) -> None:
    """Makes sure that every flag that the user gave means something in one of a command's runs.

    Args:
      configs: all flags of each run.
      given: the names of those that stand on the command line.

    Raises:
      UsageError: naming those that don't.
    """
    of_each = [_idle_here(config) for config in configs]
    idle = {
        name: cure
        for name, cure in of_each[0].items()
        if name in given and all(name in each for each in of_each)
    }
    if idle:
        told = "; ".join(f"--{name} needs {cure}" for name, cure in idle.items())
        raise UsageError(
            f"{' and '.join(f'--{name}' for name in idle)} would change nothing here: {told}. "
            "Leave it out, or give what it needs."
        )


def _idle_here(config: RunConfig) -> dict[str, str]:
    """As `idle_flags`, but for those that a folder's recipe holds the run to."""
    found = idle_flags(config)
    for name in found.keys() & _OF_MODES:
        # A folder holds one recipe, so that another mode's command must repeat it.
        if _was_run(_OF_MODES[name], config):
            del found[name]
    return found


def _was_run(mode: str, config: RunConfig) -> bool:
    """Whether a run that this one may continue has used a mode."""
    name = config.folder("", ()).name
    for file in Path(config.output_dir).glob(f"*/*/{config.method}/{name}/{RUN_FILE}"):
        try:
            record = RunRecord.read(file.parent)
        except DataError:
            continue
        if record is not None and mode in record.modes:
            return True
    return False

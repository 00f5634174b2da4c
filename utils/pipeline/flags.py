"""Absl flags made from the fields of RunConfig and AttackSettings: each is declared once, there."""

from dataclasses import MISSING, Field, fields

from absl import flags

from methods import AttackSettings
from utils.errors import UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.idle import refuse_idle

# No flag of a run: what it lets pass stands in run.json like any other.
SHARED_FLAGS = "shared_flags"

# Flags of one value each of which takes several, comma-separated, for as many runs.
LISTS = ("method", "max_epsilon")


def _define(item: Field) -> None:
    default = item.default if item.default is not MISSING else None
    help_text = item.metadata["help"]
    annotation = str(item.type)
    if item.name in LISTS:
        flags.DEFINE_list(item.name, [str(default)], f"{help_text} A list: a run each.")
    elif "tuple" in annotation:
        flags.DEFINE_list(item.name, list(default or ()), help_text)
    elif "bool" in annotation:
        flags.DEFINE_boolean(item.name, default, help_text)
    elif "int" in annotation:
        flags.DEFINE_integer(item.name, default, help_text)
    elif "float" in annotation:
        flags.DEFINE_float(item.name, default, help_text)
    else:
        flags.DEFINE_string(item.name, default, help_text)


def _fields() -> list[Field]:
    every = (*fields(RunConfig), *fields(AttackSettings))
    return [item for item in every if item.name != "attack"]


def flag_names() -> list[str]:
    """Returns the names of attack.py's flags."""
    return [SHARED_FLAGS, *(item.name for item in _fields())]


def define_flags() -> None:
    """Defines attack.py's flags."""
    for item in _fields():
        _define(item)
    flags.DEFINE_boolean(
        SHARED_FLAGS,
        False,
        "Let flags pass that change nothing with this method or mode, as in the cells of a sweep.",
    )


def configs_from_flags() -> list[RunConfig]:
    """Reads the parsed flags: one configuration a method and epsilon.

    Raises:
      UsageError, MethodError: a value that can't be obeyed, or a flag that changes nothing.
    """
    values = flags.FLAGS.flag_values_dict()
    methods, epsilons = values["method"] or [""], values["max_epsilon"] or [""]
    configs = [
        RunConfig.of_flags(values | {"method": method, "max_epsilon": _number(epsilon)})
        for method in methods
        for epsilon in epsilons
    ]
    seen = [(config.method, config.attack.bound) for config in configs]
    for config, which in zip(configs, seen, strict=True):
        if seen.count(which) > 1:
            raise UsageError(
                f"--method {','.join(methods)} and --max_epsilon {','.join(epsilons)} name the run "
                f"of {config.method} at {config.attack.bound} twice: leave one out."
            )
    if not flags.FLAGS[SHARED_FLAGS].value:
        refuse_idle(configs, {name for name in flag_names() if flags.FLAGS[name].present})
    return configs


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"--max_epsilon holds {text!r}, which is no number.") from error

"""Absl flags made from the fields of RunConfig and AttackSettings: each is declared once, there."""

from dataclasses import MISSING, Field, fields

from absl import flags

from methods import AttackSettings
from utils.pipeline.config import RunConfig


def _define(item: Field) -> None:
    default = item.default if item.default is not MISSING else None
    help_text = item.metadata["help"]
    annotation = str(item.type)
    if "tuple" in annotation:
        flags.DEFINE_list(item.name, list(default or ()), help_text)
    elif "bool" in annotation:
        flags.DEFINE_boolean(item.name, default, help_text)
    elif "int" in annotation:
        flags.DEFINE_integer(item.name, default, help_text)
    elif "float" in annotation:
        flags.DEFINE_float(item.name, default, help_text)
    else:
        flags.DEFINE_string(item.name, default, help_text)


def define_flags() -> None:
    """Defines attack.py's flags."""
    for item in (*fields(RunConfig), *fields(AttackSettings)):
        if item.name != "attack":
            _define(item)


def config_from_flags() -> RunConfig:
    """Reads the parsed flags.

    Raises:
      UsageError, MethodError: a value that can't be obeyed.
    """
    return RunConfig.of_flags(flags.FLAGS.flag_values_dict())

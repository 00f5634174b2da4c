"""What users call a class: its number, or its name, and what names there are."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

from utils.class_names import list_beside, named_zoo, read_flag
from utils.errors import UsageError
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import ZOOS, Networks

_SHOWN = 5


def parse_class(text: str, flag: str, max_label: int, names: Sequence[str] = ()) -> int:
    """Returns the label, in the CSV's convention, that a flag names.

    Args:
      text: a number, a name, one of a name's synonyms, or a part that no other name has.
      flag: named in errors.
      max_label: labels are 1..max_label.
      names: label -> name, synonyms separated by commas; label 0 is background. Empty: not known.

    Raises:
      UsageError: it is no class, or the name fits several.
    """
    wanted = " ".join(text.replace("_", " ").lower().split())
    if re.fullmatch(r"[-+]?[0-9]+", wanted):
        if 1 <= (label := int(wanted[:10])) <= max_label:
            return label
        raise UsageError(f"--{flag} is {text[:80]}; labels are 1 to {max_label}.")
    if not names:
        raise UsageError(
            f"--{flag} is {text[:80]!r}, and no class names are known here: give its number, 1 to "
            f"{max_label}, or --class_names FILE with one name a line, background first."
        )
    known = {
        label: [part.strip().lower() for part in name.split(",")]
        for label, name in enumerate(names)
        if 1 <= label <= max_label
    }
    exact = [label for label, synonyms in known.items() if wanted in synonyms]
    parts = [label for label, all_ in known.items() if any(wanted in each for each in all_)]
    found = exact or parts
    if wanted and len(found) == 1:
        return found[0]
    if wanted and found:
        shown = ", ".join(f"{label} {names[label].split(',')[0]}" for label in found[:_SHOWN])
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        raise UsageError(
            f"--{flag} {text[:80]!r} fits {len(found)} classes ({shown}{more}): give the number."
        )
    every = [name for synonyms in known.values() for name in synonyms]
    near = difflib.get_close_matches(wanted, every, n=3)
    raise UsageError(
        f"--{flag} {text[:80]!r} is no class{': did you mean ' + ', '.join(near) if near else ''}: "
        f"give a name or a number from 1 to {max_label}."
    )


def known_names(config: RunConfig, networks: Networks) -> Sequence[str]:
    """Returns the classes' names where they are at hand, so that tables are the same everywhere.

    Args:
      config: for --class_names, and whether there is an --input_csv.
      networks: who takes part.

    Returns:
      Label -> name, background first: of --class_names, else of a list beside the --input_csv, else
      of the zoo; none where networks of one's own know other classes than the zoo's.

    Raises:
      DataError: --class_names can't be read.
    """
    if config.class_names:
        return read_flag(Path(config.class_names))
    beside = list_beside(networks.input_csv) if config.input_csv else ()
    judges = [networks.short_names.meaning(name) for name in networks.victims]
    zoo = named_zoo(networks.zoo, [*networks.attacked, *judges])
    return beside or (list_beside(ZOOS[zoo].input_csv) if zoo else ())

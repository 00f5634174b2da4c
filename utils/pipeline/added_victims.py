"""Victims that join a finished run: networks that judge its PNGs, and files of answers to them."""

import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace

import models
from utils.errors import RunError
from utils.pipeline.begin import recorded_network, refuse_one_content
from utils.pipeline.config import RunConfig
from utils.pipeline.participants import choose_networks
from utils.pipeline.run import Run


def add_victims(run: Run, texts: Sequence[str]) -> tuple[Run, list[str]]:
    """Adds those of a command's victims that a run doesn't have.

    Args:
      run: as `Run.reopen` returns it.
      texts: victims as the user wrote them, as of attack.py's flag.

    Returns:
      The run with them, of which run.json doesn't know yet, and their names.

    Raises:
      UsageError, UnknownNetwork: a name that can't be.
      RunError: a network that isn't there, or the run is unfinished.
    """
    short = models.ShortNames.of(texts)
    others = [each for each in texts if short.name(each) not in run.record.victims]
    # The text that says what a name stands for may not be among these.
    wanted = list(dict.fromkeys(short.in_full(each) for each in others))
    if not wanted:
        return run, []
    if not run.record.complete:
        raise RunError(
            f"{run.folder.path} holds a run that didn't come to its end: give its command again, "
            "then add victims."
        )
    flags = run.record.flags.model_dump()
    places = {"checkpoint_path": str(run.looked_in or flags.get("checkpoint_path") or "")}
    asked = {"zoo": run.record.zoo, "victims": wanted} | places
    found = choose_networks(RunConfig.of_flags(asked), attacks=False)
    added = {
        name: recorded_network(name, at, found.short_names)
        for name, at in found.victims.items()
        if name not in run.record.victims
    }
    victims = run.record.victims | added
    refuse_one_content(run.record.sources | victims)
    commands = [*run.record.commands, shlex.join(sys.argv)]
    record = run.record.model_copy(update={"victims": victims, "commands": commands})
    return replace(run, record=record, named=run.named | added.keys()), list(added)

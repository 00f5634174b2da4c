"""The victims that run.json names, from where they were: networks, and files of answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import models
from data.answers import ToldAnswers, read_answers
from models import Classifier
from utils.answers import holds_answers
from utils.errors import RunError, UsageError
from utils.pipeline.journals import Prediction
from utils.pipeline.participants import ZOOS
from utils.pipeline.predictions import CONFIDENCE_DECIMALS
from utils.pipeline.record import RecordedNetwork
from utils.pipeline.run import Run
from utils.pipeline.session import Session


def load_recorded_victim(run: Run, name: str, session: Session) -> Classifier:
    """Loads a victim from where it was, always in float32.

    Raises:
      UsageError: the folder names a program that the command's own flags don't.
      RunError: the checkpoint is not the one that the run was begun with.
      ModelError: it can't be used.
    """
    if not is_trusted(run, name):
        raise UsageError(
            f"{run.folder.path} names the victim {name}, which may be a program: give it with "
            "--victims if you trust it."
        )
    checkpoint, preprocessing = _unchanged(run, name), run.record.flags.victim_preprocessing
    return session.load(run.network_of(name), checkpoint, preprocessing=preprocessing)


def is_trusted(run: Run, name: str) -> bool:
    """Whether a victim holds numbers alone, or is a program that the command's flags name."""
    network = run.network_of(name)
    return network in models.NETWORKS or holds_answers(network) or name in run.named


def has_changed(recorded: RecordedNetwork, checkpoint: Path) -> bool:
    """Whether a checkpoint's files are others than the recorded ones.

    Raises:
      DataError: they can't be read.
    """
    # Of a folder that is no SavedModel, such as "/", not everything is read.
    is_other = checkpoint.is_dir() and not (checkpoint / "saved_model.pb").is_file()
    return is_other or models.checkpoint_sha256(checkpoint) != recorded.sha256


def answering_victims(run: Run) -> list[str]:
    """Returns those of a run's victims that are files of answers."""
    return [name for name, each in run.record.victims.items() if each.stands_for_answers(name)]


def told_answers(run: Run, name: str, pngs: Mapping[tuple[str, str], str]) -> ToldAnswers:
    """Reads a victim's file of answers.

    Args:
      run: whose victim.
      name: the victim's.
      pngs: (mode or "clean", image id) -> SHA-256 of each PNG.

    Raises:
      RunError: the file is not the one that the run has judged with.
      DataError: as `read_answers`.
    """
    offset = models.parse_external(run.network_of(name)).options.get("offset", 0)
    return read_answers(_unchanged(run, name), offset, pngs, ZOOS[run.record.zoo].max_label)


def as_predictions(
    run: Run, name: str, told: ToldAnswers, pngs: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], Prediction]:
    """Returns (mode, image id) -> prediction, of what `told_answers` returned."""
    weights = run.record.victims[name].weights
    return {
        (mode, image_id): Prediction(
            victim=name,
            weights=weights,
            mode=mode,
            image_id=image_id,
            png_sha256=pngs[mode, image_id],
            labels=each.labels,
            confidence=(
                None if each.confidence is None else round(each.confidence, CONFIDENCE_DECIMALS)
            ),
        )
        for (mode, image_id), each in told.answers.items()
    }


def _unchanged(run: Run, name: str) -> Path:
    recorded = run.record.victims[name]
    checkpoint = Path(recorded.checkpoint)
    if not has_changed(recorded, checkpoint):
        return checkpoint
    if recorded.stands_for_answers(name):
        raise RunError(
            f"{checkpoint} holds other answers than those of {name} that {run.folder.path} was "
            "judged with (its SHA-256 differs): bring that file back, or give the new one a name "
            "of its own, as in NAME=predictions:PATH.csv."
        )
    raise RunError(
        f"{checkpoint} is another checkpoint of {name} than the one that {run.folder.path} was "
        "begun with (its SHA-256 differs): bring that one back, or give another --output_dir "
        "or --overwrite."
    )

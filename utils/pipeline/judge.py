"""Stage 2: PNGs -> predictions -> tables; as many victims in memory as the session keeps."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tqdm import tqdm

import models
from models import Classifier
from utils.errors import RunError, UsageError
from utils.files import sha256_of, write_atomically
from utils.pipeline.begin import Digest
from utils.pipeline.cost import measure_costs
from utils.pipeline.journals import Prediction
from utils.pipeline.predictions import Answer
from utils.pipeline.record import RecordedNetwork
from utils.pipeline.run import CLEAN, Run
from utils.pipeline.session import Session
from utils.pipeline.tables import per_image_table, to_csv, transfer_table

# (victim, weights, mode, image id, SHA-256 of the PNG) -> what the victim said of it.
Known = Mapping[tuple[str, str, str, str, str], Prediction]


def known_predictions(run: Run) -> Known:
    """Returns the predictions that the run's folder remembers."""
    return {
        (each.victim, each.weights, each.mode, each.image_id, each.png_sha256): each
        for each in run.folder.judged.read()
    }


def load_recorded_victim(run: Run, name: str, session: Session) -> Classifier:
    """Loads a victim from where it was, always in float32.

    Raises:
      UsageError: the folder names a program that the command's own flags don't.
      RunError: the checkpoint is not the one that the run was begun with.
      ModelError: it can't be used.
    """
    recorded, preprocessing = run.record.victims[name], run.record.flags.victim_preprocessing
    if name not in models.NETWORKS and name not in run.named:
        raise UsageError(
            f"{run.folder.path} names the victim {name}, which may be a program: give it with "
            "--victims if you trust it."
        )
    checkpoint = Path(recorded.checkpoint)
    if has_changed(recorded, checkpoint, session.digest):
        raise RunError(
            f"{checkpoint} is another checkpoint of {name} than the one that {run.folder.path} was "
            "begun with (its SHA-256 differs): bring that one back, or give another --output_dir "
            "or --overwrite."
        )
    return session.load(name, checkpoint, preprocessing=preprocessing)


def has_changed(
    recorded: RecordedNetwork, checkpoint: Path, digest: Digest = models.checkpoint_sha256
) -> bool:
    """Whether a checkpoint's files are others than the recorded ones.

    Raises:
      DataError: they can't be read.
    """
    # Of a folder that is no SavedModel, such as "/", not everything is read.
    is_other = checkpoint.is_dir() and not (checkpoint / "saved_model.pb").is_file()
    return is_other or digest(checkpoint) != recorded.sha256


def judge(
    run: Run,
    known: Known,
    keep: Callable[[list[Prediction]], None],
    load_victim: Callable[[Run, str, Session], Classifier] = load_recorded_victim,
    session: Session | None = None,
) -> pd.DataFrame:
    """Has every victim classify the clean images and each mode's PNGs.

    Args:
      run: whose victims judge whose images.
      known: predictions that need not be made again.
      keep: called with each batch of new ones.
      load_victim: only called for victims with something left to judge.
      session: what this run shares with others; None: nothing.

    Returns:
      As `predictions_table`, victim by victim and mode by mode.

    Raises:
      DataError: a PNG that is missing or broken.
      Interrupted: a signal came.
    """
    dataset, size = run.dataset, run.record.flags.batch_size
    session = session or Session()
    prepared = run.record.flags.victim_preprocessing
    paths = {mode: run.pngs(mode) for mode in (CLEAN, *run.modes)}
    digests = {m: [sha256_of(path) for path in pngs] for m, pngs in paths.items()} if known else {}
    judged: list[Prediction] = []
    total = len(run.record.victims) * len(paths) * len(dataset)
    with tqdm(total=total, desc="Judging", unit="image") as bar:
        for victim, recorded in run.record.victims.items():
            network = None
            for mode, pngs in paths.items():
                found = [
                    known.get((victim, recorded.weights, mode, image_id, digest))
                    for image_id, digest in zip(dataset.ids, digests.get(mode, ()), strict=False)
                ] or [None] * len(dataset)
                starts = [
                    start
                    for start in range(0, len(dataset), size)
                    if None in found[start : start + size]
                ]
                if starts and network is None:
                    bar.set_postfix_str(victim)
                    network = session.judge(load_victim(run, victim, session))
                    run.note_loaded(victim)
                bar.update(len(dataset) - sum(min(size, len(dataset) - s) for s in starts))
                predict = network.predict if network else _nothing
                if mode == CLEAN and network:
                    who = (recorded.weights, prepared)
                    predict = functools.partial(session.predict_clean, network, who)
                for start, answers in predict(pngs, size, starts):
                    made = [
                        Prediction(
                            victim=victim,
                            weights=recorded.weights,
                            mode=mode,
                            image_id=dataset.ids[i],
                            **vars(answer),
                        )
                        for i, answer in enumerate(answers, start)
                    ]
                    found[start : start + len(made)] = made
                    keep(made)
                    bar.update(len(made))
                    run.interruption.check()
                judged += [each for each in found if each is not None]
    return predictions_table(judged)


def _nothing(*_: object) -> Iterator[tuple[int, list[Answer]]]:
    return iter(())


def predictions_table(predictions: Iterable[Prediction]) -> pd.DataFrame:
    """Returns victim, mode (or "clean"), image_id, labels (the five likeliest) and confidence."""
    columns = ["victim", "mode", "image_id", "labels", "confidence"]
    rows = [[getattr(each, name) for name in columns] for each in predictions]
    return pd.DataFrame(rows, columns=columns)


@dataclass(frozen=True)
class Judged:
    """The outcome of a run.

    Attributes:
      transfer: the rows of transfer.csv, as numbers.
      per_image: those of per_image.csv.
      unchanged: mode -> how many of its images equal the clean ones.
    """

    transfer: pd.DataFrame
    per_image: pd.DataFrame
    unchanged: dict[str, int]


def judge_run(run: Run, afresh: bool = False, session: Session | None = None) -> Judged:
    """Judges a run's PNGs on all of its victims and writes per_image.csv and transfer.csv.

    Args:
      run: its images are all there.
      afresh: don't use what the folder remembers of earlier predictions.
      session: what this run shares with others; None: nothing.

    Raises:
      DataError, ModelError: a PNG or a checkpoint that can't be used.
      Interrupted: a signal came.
    """
    known = {} if afresh else known_predictions(run)
    predictions = judge(run, known, run.folder.judged.append, session=session)
    costs = measure_costs(run)
    per_image = per_image_table(run, predictions, costs)
    transfer = transfer_table(run, per_image, costs)
    for name, table in (("per_image.csv", per_image), ("transfer.csv", transfer)):
        write_atomically(run.folder.path / name, to_csv(table))
    unchanged = costs[costs["linf"] == 0].groupby("mode", sort=False).size()
    return Judged(transfer, per_image, {mode: int(count) for mode, count in unchanged.items()})

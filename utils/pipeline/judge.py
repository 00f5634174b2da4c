"""Stage 2: PNGs -> predictions -> tables; see gallery.py for how many victims are in memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pandas as pd
from tqdm import tqdm

import models
from data import from_uint8, prefetching_map
from models import Classifier
from utils.files import write_atomically
from utils.hashes import file_sha256
from utils.pipeline.cost import costs_table
from utils.pipeline.defended import Defended
from utils.pipeline.gallery import WEIGHTS, Gallery, Shown
from utils.pipeline.journals import Prediction
from utils.pipeline.predictions import Answer, Judge
from utils.pipeline.recorded_victims import (
    answering_victims,
    as_predictions,
    load_recorded_victim,
    told_answers,
)
from utils.pipeline.run import CLEAN, Run
from utils.pipeline.said import Said, said_table, table_of_rows
from utils.pipeline.session import Session
from utils.pipeline.tables import csv_pieces, per_image_table, transfer_table
from utils.quiet import tf

# (victim, mode) -> what it said.
_Found: TypeAlias = Mapping[tuple[str, str], Said]


def judge(
    run: Run,
    known: Iterable[Prediction],
    keep: Callable[[list[Prediction]], None],
    load_victim: Callable[[Run, str, Session], Classifier] = load_recorded_victim,
    session: Session | None = None,
    gallery: Gallery | None = None,
) -> pd.DataFrame:
    """Has every victim classify the clean images and each mode's PNGs.

    Victims that are files of answers are read: all of them before a network is asked.

    Args:
      run: whose victims judge whose images.
      known: predictions that need not be made again, where the PNGs and the weights are those that
        they are of.
      keep: called with each batch of new ones.
      load_victim: only called for victims with something left to judge.
      session: what this run shares with others; None: nothing.
      gallery: the run's images, where something else is done with them too.

    Returns:
      As `predictions_table`, victim by victim and mode by mode.

    Raises:
      DataError: a PNG that is missing or broken; answers that don't fit the PNGs.
      RunError: a victim that is another than the run's.
      Interrupted: a signal came.
    """
    dataset, session = run.dataset, session or Session()
    gallery = gallery or Gallery(run, session.pixels)
    modes = (CLEAN, *run.modes)
    # Only where somebody asks: of a run's own fresh images nobody has to.
    digests = cache(lambda mode: [file_sha256(path) for path in run.pngs(mode)])
    found = {(victim, mode): Said(len(dataset)) for victim in run.record.victims for mode in modes}
    _recall(run, known, digests, found)
    for victim in answering_victims(run):
        _read_answers(run, victim, {mode: digests(mode) for mode in modes}, found, keep)
    size = run.record.flags.batch_size
    todo = _todo(found, size)
    missing = sum(min(size, len(dataset) - start) for starts in todo.values() for start in starts)
    total = len(found) * len(dataset)
    with tqdm(total=total, initial=total - missing, desc="Judging", unit="image") as bar:
        for group, keep_pixels in _groups(run, {victim for victim, _ in todo}, gallery):
            bar.set_postfix_str(", ".join(group))
            run.interruption.under_way = f"the answers of {', '.join(group)} to one batch"
            judges: dict[str, Judge] = {}
            try:
                for victim in group:
                    judges[victim] = session.judge(load_victim(run, victim, session))
            finally:
                # Also where a later one fails. Once for all: each time waits for the disk.
                run.note_loaded(judges)
            starts = sorted({s for key in todo if key[0] in group for s in todo[key]})
            shown = gallery.batches(starts, size, keep_pixels)
            weights = {victim: run.record.victims[victim].weights for victim in group}
            # One batch's in all modes, of all victims: kept together, each time waits for the disk.
            made: list[Prediction] = []
            try:
                for victim, mode, start, answers in _answers(run, judges, shown, todo, session):
                    if made and made[0].image_id != dataset.ids[start]:
                        made = _kept(made, keep)
                    for i, answer in enumerate(answers, start):
                        about = victim, weights[victim], mode, dataset.ids[i]
                        made.append(_prediction(*about, answer))
                        found[victim, mode].note(i, answer.labels, answer.confidence)
                    bar.update(len(answers))
                    run.interruption.check()
            finally:
                # Also where a later one fails: what is answered is to be kept.
                _kept(made, keep)
            # These make room for the next.
            judges.clear()
    return said_table(found, dataset.ids)


def _recall(
    run: Run,
    known: Iterable[Prediction],
    digests: Callable[[str], Sequence[str]],
    found: _Found,
) -> None:
    """Fills in what is known of these PNGs by these weights; the last one counts."""
    weights = {name: each.weights for name, each in run.record.victims.items()}
    places = {image_id: place for place, image_id in enumerate(run.dataset.ids)}
    for each in known:
        said, place = found.get((each.victim, each.mode)), places.get(each.image_id)
        if said is None or place is None or each.weights != weights[each.victim]:
            continue
        if each.png_sha256 == digests(each.mode)[place]:
            said.note(place, each.labels, each.confidence)


def _read_answers(
    run: Run,
    victim: str,
    digests: Mapping[str, Sequence[str]],
    found: _Found,
    keep: Callable[[list[Prediction]], None],
) -> None:
    """Fills in what a file of answers says, unless all of it is known."""
    if all(said.there.all() for (name, _), said in found.items() if name == victim):
        return
    ids = run.dataset.ids
    pngs = {(m, i): d for m, row in digests.items() for i, d in zip(ids, row, strict=True)}
    told = told_answers(run, victim, pngs)
    file = Path(run.record.victims[victim].checkpoint).name
    if told.spare:
        print(f"Note: {told.spare} rows of {file} are to other images or modes: not used.")
    if not told.tied:
        print(
            f"Note: nothing ties the answers of {victim} to these PNGs: {file} has no column "
            "png_sha256."
        )
    made = as_predictions(run, victim, told, pngs)
    keep(list(made.values()))
    run.note_loaded([victim])
    for mode in digests:
        for place, image_id in enumerate(ids):
            answer = made[mode, image_id]
            found[victim, mode].note(place, answer.labels, answer.confidence)


def _prediction(victim: str, weights: str, mode: str, image_id: str, answer: Answer) -> Prediction:
    return Prediction(victim=victim, weights=weights, mode=mode, image_id=image_id, **vars(answer))


def _kept(made: list[Prediction], keep: Callable[[list[Prediction]], None]) -> list[Prediction]:
    if made:
        keep(made)
    return []


Todo = Mapping[tuple[str, str], Sequence[int]]


def _todo(found: _Found, size: int) -> Todo:
    """Returns (victim, mode) -> where the batches with something left to judge begin."""
    todo = {
        key: [
            start
            for start in range(0, len(said.there), size)
            if not said.there[start : start + size].all()
        ]
        for key, said in found.items()
    }
    return {key: starts for key, starts in todo.items() if starts}


def _groups(
    run: Run, victims: Collection[str], gallery: Gallery
) -> Iterator[tuple[list[str], bool]]:
    """Yields the victims that are shown the images together, and whether to keep these decoded."""
    groups: list[list[str]] = []
    # The first victim opens a group, whatever its size.
    held = WEIGHTS + 1
    for name in (name for name in run.record.victims if name in victims):
        size = _weights_size(Path(run.record.victims[name].checkpoint))
        if held + size > WEIGHTS:
            groups.append([])
            held = 0
        groups[-1].append(name)
        held += size
    for place, group in enumerate(groups):
        yield group, place < len(groups) - 1 and gallery.fits()


def _weights_size(checkpoint: Path) -> int:
    try:
        return sum(path.stat().st_size for path in models.checkpoint_files(checkpoint))
    except (OSError, ValueError):
        # It is about to be reported by whoever loads it, as is a name with a NUL.
        return 0


def _answers(
    run: Run, judges: Mapping[str, Judge], shown: Iterable[Shown], todo: Todo, session: Session
) -> Iterator[tuple[str, str, int, list[Answer]]]:
    """Yields (victim, mode, start, answers), the images converted while a victim is at work."""
    flags = run.record.flags
    chains = {name: models.split_defences(name)[1] for name in judges}

    def questions() -> Iterator[tuple[str, str, Shown, tf.Tensor]]:
        for each in shown:
            for mode, pixels in each.pixels.items():
                victims = [name for name in judges if each.start in todo.get((name, mode), ())]
                plain = [name for name in victims if not chains[name].steps]
                images = tf.constant(from_uint8(pixels)) if plain else None
                for victim in victims:
                    yield victim, mode, each, images

    def answer(question: tuple[str, str, Shown, tf.Tensor]) -> tuple[str, str, int, list[Answer]]:
        victim, mode, each, images = question
        places = range(each.start, each.start + len(each.sha256[mode]))
        paths, chain = [_path(run, mode, i) for i in places], chains[victim]
        ids = [run.dataset.ids[i] for i in places]

        def judge() -> list[Answer]:
            if not chain.steps:
                return judges[victim].answers(images, each.sha256[mode], paths)
            defended = Defended(judges[victim], chain, flags.seed)
            return defended.answers(each.pixels[mode], ids, each.sha256[mode], paths)

        if mode != CLEAN:
            return victim, mode, each.start, judge()
        drawn = (chain.names, flags.seed, *ids) if chain.steps else ()
        weights = run.record.victims[victim].weights
        network = run.network_of(victim), weights, flags.victim_preprocessing
        who = *network, len(each.pixels[mode]), drawn
        return victim, mode, each.start, session.clean_answers(who, each.sha256[mode], judge)

    yield from prefetching_map(answer, questions())


def _path(run: Run, mode: str, index: int) -> Path:
    if mode == CLEAN:
        return run.dataset.paths[index]
    return run.folder.png(mode, run.dataset.ids[index])


def predictions_table(predictions: Iterable[Prediction]) -> pd.DataFrame:
    """As `said_table`, of single predictions, in their order."""
    return table_of_rows(
        (p.victim, p.mode, p.image_id, p.labels, p.confidence) for p in predictions
    )


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


def judge_run(
    run: Run, afresh: bool = False, session: Session | None = None, at_once: bool = False
) -> Judged:
    """Judges a run's PNGs on all of its victims and writes per_image.csv and transfer.csv.

    Args:
      run: its images are all there.
      afresh: don't use what the folder remembers of earlier predictions.
      at_once: write nothing, not even what is remembered, before all are judged.
      session: what this run shares with others; None: nothing.

    Raises:
      DataError, ModelError: a PNG or a checkpoint that can't be used.
      Interrupted: a signal came.
    """
    known = () if afresh else run.folder.judged
    session = session or Session()
    gallery = Gallery(run, session.pixels)
    made: list[Prediction] = []
    keep = made.extend if at_once else run.folder.judged.append
    predictions = judge(run, known, keep, session=session, gallery=gallery)
    costs = costs_table(gallery.perturbations(), run.modes)
    per_image = per_image_table(run, predictions, costs)
    transfer = transfer_table(run, per_image, costs)
    _kept(made, run.folder.judged.append)
    for name, table in (("per_image.csv", per_image), ("transfer.csv", transfer)):
        write_atomically(run.folder.path / name, csv_pieces(table))
    unchanged = costs[costs["linf"] == 0].groupby("mode", sort=False).size()
    return Judged(transfer, per_image, {mode: int(count) for mode, count in unchanged.items()})

"""Stage 1: batches -> attack loop -> PNGs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

from data import Batch, Dataset, batches, from_uint8, processors, to_uint8, write_image
from methods import MODES, Crafted, image_key, parse_method
from models import Classifier, Ensemble
from utils.errors import RunError, UsageError
from utils.hashes import content_sha256, file_sha256, state_of
from utils.pipeline.bar import CraftingBar
from utils.pipeline.config import RunConfig
from utils.pipeline.devices import PortionedAttack, SplitAttack
from utils.pipeline.folder import RunFolder
from utils.pipeline.journals import CraftedImage
from utils.pipeline.portions import Portions
from utils.pipeline.run import Run
from utils.pipeline.session import Session, SharingAttack
from utils.quiet import tf

Finished = dict[tuple[str, str], CraftedImage]


def finished_images(folder: RunFolder, dataset: Dataset) -> Finished:
    """Returns (mode, image id) -> record of every PNG that is there as it was written.

    A PNG counts by its content, and so does the image that it was made from: where one of them was
    changed since, or never recorded, the PNG is made again.
    """
    records = folder.crafted.read()
    digests = (
        dict(zip(dataset.ids, map(file_sha256, dataset.paths), strict=True)) if records else {}
    )
    finished = {}
    for record in records:
        mode, image_id = record.mode, record.image_id
        if not {mode, *record.group} <= MODES.keys():
            continue
        if digests.get(image_id) != record.image_sha256:
            continue
        path = folder.png(mode, image_id)
        if path.is_file() and file_sha256(path) == record.png_sha256:
            finished[mode, image_id] = record
    return finished


def craft(
    run: Run,
    devices: Sequence[str],
    load_source: Callable[[], Classifier | Ensemble],
    session: Session | None = None,
    snapshots: Mapping[int, Run] | None = None,
) -> Finished:
    """Attacks every image that isn't finished and writes its PNGs.

    Args:
      run: its configuration's modes are crafted.
      devices: names of the devices to craft on, as `find_devices` returns.
      load_source: loads the source, which is only done where something is left to do.
      session: what this run shares with others; None: nothing.
      snapshots: iteration -> the run whose PNGs are what this attack has made by then.

    Returns:
      (mode, image id) -> record, for all images of all of the run's modes.

    Raises:
      RunError: a gradient that is not finite; the sentence names the image.
      DataError: an image can't be read or a PNG written.
      Interrupted: a signal came.
    """
    config, dataset, session = run.config, run.dataset, session or Session()
    finished, snapshots = finished_images(run.folder, dataset), snapshots or {}
    of_snapshots = {n: finished_images(each.folder, dataset) for n, each in snapshots.items()}
    everywhere = {
        key: record
        for key, record in finished.items()
        if all(
            key in of_snapshots[n] or key[0] not in each.config.modes
            for n, each in snapshots.items()
        )
    }
    known = {
        key: value for each in (*of_snapshots.values(), finished) for key, value in each.items()
    }
    todo = {}
    for start in range(0, len(dataset), config.batch_size):
        ids = dataset.ids[start : start + config.batch_size]
        if calls := _calls(config.modes, ids, everywhere, known):
            todo[start] = calls
    if not todo:
        return _in_order(finished, dataset)
    sources = []

    def make_attack() -> SharingAttack:
        sources.append(load_source())
        method = parse_method(config.method)
        return session.attack(
            method, config.attack, sources[-1], config.jit_compile, list(snapshots)
        )

    portions = Portions(config.batch_size, config.devices)
    attack = PortionedAttack(SplitAttack(devices, make_attack), portions)
    labels = _Labels(config, dataset, sources[0], portions)
    progress = CraftingBar(config, todo, len(dataset))
    with (
        ThreadPoolExecutor(processors()) as encoders,
        ThreadPoolExecutor(max_workers=1) as writer,
        progress,
        session.told_of_gradients(progress.tick),
    ):
        writing: Future[Finished] | None = None
        try:
            for batch in batches(dataset.paths, config.batch_size, list(todo), session.pixels):
                end = batch.start + batch.count
                run.interruption.under_way = (
                    f"images {batch.start + 1} to {end} of {len(dataset)}, which are then kept"
                )
                progress.begin(batch.start)
                crafted = _craft_batch(run, attack, labels, batch, todo[batch.start])
                # What is finished stays as it is; it only went through the source once more.
                ids = dataset.ids[batch.start : end]
                parts = [
                    (snapshots[number], _unfinished(taken, ids, of_snapshots[number]))
                    for number, taken in _taken(crafted, snapshots).items()
                ]
                parts.append((run, _unfinished(crafted, ids, finished)))
                # One batch is written while the next is computed; more would fill the memory, so
                # that a disk or processors that fall behind slow the attack down.
                finished.update(writing.result() if writing else {})
                writing = writer.submit(_write_parts, batch, parts, encoders)
                progress.end(end)
                run.interruption.check()
        finally:
            # Also where a later batch fails: what is crafted is to be kept.
            finished.update(writing.result() if writing else {})
    return _in_order(finished, dataset)


class _Result(NamedTuple):
    """What a batch became in one mode, and the modes that shared its way through the source."""

    mode: str
    group: tuple[str, ...]
    crafted: Crafted


def _unfinished(
    results: Sequence[_Result], ids: Sequence[str], finished: Finished
) -> list[_Result]:
    return [each for each in results if any((each.mode, i) not in finished for i in ids)]


def _taken(results: Sequence[_Result], snapshots: Mapping[int, Run]) -> dict[int, list[_Result]]:
    """What each snapshot's run gets of a batch: the images and cosines up to its iteration."""
    return {
        number: [
            result._replace(
                crafted=result.crafted._replace(
                    images=result.crafted.snapshots[:, place],
                    cosine=result.crafted.cosine[:, :number],
                )
            )
            for result in results
            if result.mode in run.config.modes
        ]
        for place, (number, run) in enumerate(snapshots.items())
    }


def _calls(
    modes: tuple[str, ...], ids: Sequence[str], finished: Finished, known: Finished
) -> list[tuple[str, ...]]:
    """The calls of the attack, by their modes, that a batch still needs; none if it is finished.

    A batch is made again whole, and in the group of modes that it was made in, so that a resumed or
    repaired run has the bytes of an undisturbed one. Modes that were never begun go by themselves.
    """
    missing = [mode for mode in modes if any((mode, each) not in finished for each in ids)]
    made = [known[mode, each] for mode in modes for each in ids if (mode, each) in known]
    groups = [tuple(record.group) for record in made if set(record.group) <= set(modes)]
    group_of = {mode: group for group in reversed(groups) for mode in group}
    repaired = dict.fromkeys(group_of[mode] for mode in missing if mode in group_of)
    begun = tuple(mode for mode in missing if mode not in group_of)
    return [*repaired, *([begun] if begun else [])]


def _in_order(finished: Finished, dataset: Dataset) -> Finished:
    # Means over the records shall not depend on where a run was interrupted, not even in rounding.
    place = {image_id: index for index, image_id in enumerate(dataset.ids)}
    return dict(sorted(finished.items(), key=lambda item: (item[0][0], place[item[0][1]])))


class _Labels:
    """Which column of the source's logits an image's loss is about."""

    def __init__(
        self,
        config: RunConfig,
        dataset: Dataset,
        source: Classifier | Ensemble,
        portions: Portions,
    ):
        self._portions = portions
        self._predict = source if config.label == "predicted" else None
        if config.attack.targeted:
            self._predict = None
        in_csv = dataset.target_classes if config.attack.targeted else dataset.true_labels
        if in_csv is None:
            raise UsageError("--targeted needs a TargetClass for every image in --input_csv.")
        self._columns = np.asarray(in_csv) - source.label_offset
        highest = source.num_classes - 1
        if self._columns.min() < 0 or self._columns.max() > highest:
            raise UsageError(
                f"--source {source.name} knows the labels {source.label_offset} to "
                f"{highest + source.label_offset}, and --input_csv has others: give a network "
                "trained on these labels."
            )

    def of(self, batch: Batch, images: np.ndarray) -> np.ndarray:
        """Returns int32 [batch_size], padded as the images are."""
        if (predict := self._predict) is not None:

            def predicted(portion: np.ndarray) -> np.ndarray:
                logits = predict(tf.constant(portion))
                return tf.argmax(logits, axis=-1, output_type=tf.int32).numpy()

            return np.concatenate(self._portions.map(predicted, images))[: len(images)]
        columns = self._columns[batch.start : batch.start + batch.count]
        return np.pad(columns, (0, len(batch.pixels) - batch.count), mode="edge")


def _craft_batch(
    run: Run,
    attack: PortionedAttack,
    labels: _Labels,
    batch: Batch,
    calls: Sequence[tuple[str, ...]],
) -> list[_Result]:
    config = run.config
    images = from_uint8(batch.pixels)
    ids = list(run.dataset.ids[batch.start : batch.start + batch.count])
    ids += [ids[-1]] * (len(batch.pixels) - batch.count)
    keys = np.stack([image_key(config.seed, image_id) for image_id in ids])
    columns = labels.of(batch, images)
    results = []
    for modes in calls:
        crafted = attack(images, columns, keys, modes)
        for group in attack.groups(modes):
            results += [_Result(mode, group, crafted[mode]) for mode in group]
    for result in results:
        refuse_broken(result.mode, result.crafted, ids, config)
    return results


def refuse_broken(mode: str, crafted: Crafted, ids: Sequence[str], config: RunConfig) -> None:
    """Raises RunError where a number on the way to an image was not finite.

    Args:
      mode, crafted: what was made of a batch, and in which mode.
      ids: of the batch's images.
      config: how it was made.
    """
    overflowed = np.asarray(crafted.overflowed)
    broken = overflowed | ~np.asarray(crafted.finite)
    if not broken.any():
        return
    image = f"image {ids[int(np.argmax(overflowed if overflowed.any() else broken))]}"
    factors = parse_method(config.method).raised_factors(config.attack)
    if overflowed.any():
        raise RunError(
            f"The attack on {image} (mode {mode}) overflows: give a smaller "
            f"{' or '.join(factors) or '--num_iter'}."
        )
    advice = f"give a smaller {' or '.join(factors)}, " if factors else ""
    raise RunError(
        f"The gradient of {image} (mode {mode}) is not finite: {advice}check the source's "
        "checkpoint, or take the image out of the CSV."
    )


def _write_parts(
    batch: Batch, parts: Sequence[tuple[Run, Sequence[_Result]]], encoders: Executor
) -> Finished:
    """Writes a batch's PNGs of several runs; returns the records of the last."""
    records: Finished = {}
    for run, results in parts:
        records = _write_batch(run, batch, results, encoders)
    return records


def _write_batch(
    run: Run, batch: Batch, results: Sequence[_Result], encoders: Executor
) -> Finished:
    """Writes a batch's PNGs, then the record that they are finished; returns the records."""
    records: list[CraftedImage] = []
    for mode, group, result in results:
        images = np.asarray(result.images)
        cosine, zero_share = np.asarray(result.cosine), np.asarray(result.zero_share)
        ids = run.dataset.ids[batch.start : batch.start + batch.count]
        write = functools.partial(_write_image, run, mode)
        # The batch's padding goes unwritten.
        digests = list(encoders.map(write, ids, images, batch.pixels))
        records += [
            CraftedImage(
                mode=mode,
                group=list(group),
                image_id=image_id,
                image_sha256=batch.sha256[i],
                png_sha256=digests[i],
                cosine=[round(float(value), 6) for value in cosine[i]],
                zero_share=round(float(zero_share[i]), 6),
            )
            for i, image_id in enumerate(ids)
        ]
    run.folder.crafted.append(records)
    return {(record.mode, record.image_id): record for record in records}


def _write_image(
    run: Run, mode: str, image_id: str, image: np.ndarray, original: np.ndarray
) -> str:
    """Writes one image's PNG and returns the file's SHA-256."""
    pixels = to_uint8(image[None], original[None], run.config.attack.bound)[0]
    path = run.folder.png(mode, image_id)
    content = write_image(path, pixels)
    return content_sha256(path, content, state_of(path))

"""What a process keeps between runs: loaded networks, traced attacks, answers on clean images.

One run by itself has a session that keeps nothing beyond its use; a worker that takes many runs
gives all of them one with a budget. Nothing here changes a result: what is kept is known by the
content of the files it came from, and by the shapes and the company it was computed in.
"""

from __future__ import annotations

import gc
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Generic, TypeVar

import numpy as np

import models
from methods import Attack, AttackSettings, Crafted, Evaluation, Method
from models import Classifier, Ensemble
from utils.pipeline.predictions import Answer, Judge
from utils.quiet import tf

Value = TypeVar("Value")

# What is kept unless a flag says otherwise, in bytes.
MEMORY = 2e9
# Decoded originals that a run by itself holds from crafting to judging, in bytes, if all have room.
ORIGINALS = 1 << 28
# Methods whose traces are kept: each holds its loops' graphs, and sweeps go method by method.
_ATTACKS = 4
# The share of the budget that is for pixels and gradients; the rest is for networks.
_OF_ARRAYS = 0.25


class Kept(Generic[Value]):
    """Values by key within a budget; the one that was used least recently goes first.

    Args:
      budget: the sum of the sizes that stay. A value that is larger by itself goes when another
        comes.
      dropped: called after values have gone.
    """

    def __init__(self, budget: float, dropped: Callable[[], None] = lambda: None) -> None:
        self._budget = budget
        self._dropped = dropped
        self._held: OrderedDict[Hashable, tuple[Value, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def values(self) -> list[Value]:
        """All that is there."""
        return [value for value, _ in self._held.values()]

    def get(self, key: Hashable, size: float, make: Callable[[], Value]) -> Value:
        """Returns a value, made where it isn't there: room for it is made before."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key][0]
        before = len(self._held)
        while self._held and sum(held for _, held in self._held.values()) + size > self._budget:
            self._held.popitem(last=False)
        if len(self._held) < before:
            self._dropped()
        value = make()
        self._held[key] = value, size
        return value

    def clear(self) -> None:
        """Lets go of everything."""
        self._held.clear()
        self._dropped()


class Hoard(Generic[Value]):
    """Arrays by key, kept as long as there is room for more; what is there stays.

    Runs go through the same images in the same order, where the least recently used is the very
    next one to be asked for.
    """

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self._held: dict[Hashable, Value] = {}
        self._size = 0
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """Returns a value, made where it isn't there; may be called from several threads."""
        with self._lock:
            if key in self._held:
                return self._held[key]
        # Others may make theirs at the same time, which is what they are several for.
        value = make()
        size = sum(int(np.asarray(part).nbytes) for part in tf.nest.flatten(value))
        with self._lock:
            if key in self._held:
                return self._held[key]
            if self._size + size <= self.budget:
                self._held[key] = value
                self._size += size
        return value

    def clear(self) -> None:
        """Lets go of everything."""
        with self._lock:
            self._held.clear()
            self._size = 0


@dataclass
class _Loaded:
    """A network in memory, and it as a judge once it has been one."""

    classifier: Classifier
    judge: Judge | None = None


class Session:
    """What runs may share.

    Args:
      memory: bytes that may be kept between runs: a quarter for decoded images and first
        gradients, the rest for networks, by the size of their checkpoints (what TensorFlow adds to
        each is not counted). 0: one network at a time and nothing else.
      originals: bytes of decoded images that are kept whatever `memory` is.
    """

    def __init__(self, memory: float = 0, originals: float = 0) -> None:
        self._keeps = memory > 0
        self._networks: Kept[_Loaded] = Kept(memory * (1 - _OF_ARRAYS), self._forget_attacks)
        self._attacks: Kept[Attack] = Kept(_ATTACKS if memory else 1, self._collect)
        self._firsts: Hoard[Evaluation] = Hoard(memory * _OF_ARRAYS / 2)
        self._pixels: Hoard[np.ndarray] = Hoard(max(memory * _OF_ARRAYS / 2, originals))
        self._clean: dict[Hashable, list[Answer]] = {}
        self._told: Callable[[int], None] | None = None

    def clear(self) -> None:
        """Lets go of everything, as after an error that left the memory in doubt."""
        self._pixels.clear()
        self._networks.clear()

    def load(
        self, name: str, checkpoint: Path, *, preprocessing: str = "own", dtype: str = "float32"
    ) -> Classifier:
        """As `models.load_classifier`, on the device in whose scope it is called."""
        weights = tuple(models.checkpoint_sha256(checkpoint).items())
        device = tf.constant(0.0).device
        size = sum(path.stat().st_size for path in models.checkpoint_files(checkpoint))

        def make() -> _Loaded:
            return _Loaded(
                models.load_classifier(name, checkpoint, preprocessing=preprocessing, dtype=dtype)
            )

        key = (name, str(checkpoint), weights, preprocessing, dtype, device)
        return self._networks.get(key, size, make).classifier

    def judge(self, classifier: Classifier) -> Judge:
        """Returns a network as a judge, traced once as long as it stays loaded."""
        for loaded in self._networks.values():
            if loaded.classifier is classifier:
                loaded.judge = loaded.judge or Judge.of(classifier)
                return loaded.judge
        return Judge.of(classifier)

    def clean_answers(
        self, who: Hashable, sha256: Sequence[str], judge: Callable[[], list[Answer]]
    ) -> list[Answer]:
        """Returns what a victim says of a batch of originals, which it is shown once.

        Args:
          who: what the victim is known by: its network, how its input is prepared, and the batch's
            size.
          sha256: of the images' files.
          judge: asks the victim.
        """
        if not self._keeps:
            return judge()
        key = (who, *sha256)
        if key not in self._clean:
            self._clean[key] = judge()
        return self._clean[key]

    def expect_originals(self, size: int) -> None:
        """Tells how many bytes all of the next run's decoded originals take.

        A run by itself keeps none where not all have room: decoding the others takes its time
        anyway, and memory is what so large a run is short of.
        """
        if not self._keeps and size > self._pixels.budget:
            self._pixels = Hoard(0)

    def pixels(self, sha256: str, decode: Callable[[], np.ndarray]) -> np.ndarray:
        """Returns an original's uint8 [S, S, 3], decoded where it isn't known by its bytes."""
        return self._pixels.get(sha256, decode)

    def attack(
        self,
        method: Method,
        settings: AttackSettings,
        source: Classifier | Ensemble,
        jit: bool,
        snapshots: Sequence[int] = (),
    ) -> SharingAttack:
        """Returns a method on a source, traced where no attack with other numbers was.

        Args:
          method, settings, jit, snapshots: as of `Attack`.
          source: best of networks that `load` returned.
        """
        parts = source.classifiers if isinstance(source, Ensemble) else (source,)
        fresh = Attack(method, settings, source.logits_and_aux, jit, snapshots, self._tick)
        # An attack that is kept keeps its source, so that no other object has these ids. With TF32
        # a source is another one: XLA compiles it in, and its gradients are rounded.
        tf32 = tf.config.experimental.tensor_float_32_execution_enabled()
        attacked = (tf32, *map(id, parts))
        key = (attacked, method, fresh.trace_key(settings), jit, tuple(snapshots))
        kept = self._attacks.get(key, 1, lambda: fresh)
        return SharingAttack(kept.with_settings(settings), attacked, self._firsts)

    @contextmanager
    def told_of_gradients(self, tick: Callable[[int], None]) -> Iterator[None]:
        """While entered, has each gradient of its attacks told, as of `Attack`."""
        self._told = tick
        try:
            yield
        finally:
            self._told = None

    def _tick(self, images: int) -> None:
        # An attack outlives the run that it was traced in, whose listener is gone.
        if self._told is not None:
            self._told(images)

    def _forget_attacks(self) -> None:
        # They hold their sources.
        self._firsts.clear()
        self._attacks.clear()

    def _collect(self) -> None:
        # Graphs are full of cycles; a single run leaves them to Python, since nothing follows.
        if self._keeps:
            gc.collect()


class SharingAttack:
    """An attack that shares the first gradients of batches with others on the same source."""

    def __init__(self, attack: Attack, source: Hashable, firsts: Hoard[Evaluation]) -> None:
        self._attack, self._source, self._firsts = attack, source, firsts

    def __call__(
        self, images: np.ndarray, labels: np.ndarray, keys: np.ndarray, modes: Sequence[str]
    ) -> dict[str, Crafted]:
        """As Attack."""
        shared = self._attack.first_gradient_key()
        if shared is None or not self._firsts.budget:
            return self._attack(images, labels, keys, modes)
        batch = hashlib.sha256()
        for array in (images, labels, keys):
            batch.update(np.ascontiguousarray(array).data)
        first = self._firsts.get(
            (self._source, shared, images.shape, batch.digest()),
            lambda: self._attack.first(images, labels, keys),
        )
        return self._attack(images, labels, keys, modes, first)

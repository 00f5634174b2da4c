"""Whole runs beside a simulated GPU, in a process of its own; pace.py starts it.

The networks average the image and cost next to nothing; a gradient of the source takes a given
time in which the processor is idle, as while a GPU works. The file runs in the checkout that it is
given, which may be an older one, and so uses little of it.

Arguments: the checkout; a working folder; a JSON object with processors (how many this process may
use), images (two counts: the difference between runs of both counts), victims (a list of counts),
gradients_per_second, iterations and parts (whether to tell apart what a run does). Prints a JSON
list, one object for each count of victims.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

_STARTED = time.perf_counter()
SOURCE, VICTIM = "simulated_gpu", "averaging_{}"
SIDE = 299
_SCOPE, _CLASSES = "average", 1001
# Stages, by the whole process's clock since they come one after another, and what happens in them,
# by the clocks of the threads: name -> (module, function) that do it.
PARTS = {
    "craft": [("utils.pipeline.execute", "craft")],
    "judge": [("utils.pipeline.judge", "judge_run")],
    "decode": [("data.batches", "decode_image")],
    "round": [("utils.pipeline.craft", "to_uint8")],
    "encode": [("utils.pipeline.craft", "write_image")],
    "tables": [
        ("utils.pipeline.judge", name)
        for name in ("predictions_table", "costs_table", "per_image_table", "transfer_table")
    ],
}


class _Account:
    """CPU seconds of some functions' own threads, summed; what they start elsewhere isn't seen."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._lock = Lock()

    def add(self, name: str, seconds: float) -> None:
        with self._lock:
            self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    def watch(self, name: str, module: str, function: str, clock: Callable[[], float]) -> None:
        """From now on, what the function takes by the clock is counted under the name."""
        inner = getattr(sys.modules[module], function)

        def timed(*args: object, **kwargs: object) -> object:
            before = clock()
            try:
                return inner(*args, **kwargs)
            finally:
                self.add(name, clock() - before)

        setattr(sys.modules[module], function, timed)


def main(tree: str, folder: str, settings: str) -> None:
    """Measures and prints."""
    given = SimpleNamespace(**json.loads(settings))
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.processors])
    sys.path.insert(0, tree)
    import models  # noqa: F401 (an older checkout brings TensorFlow quietly so)
    from utils.pipeline.config import RunConfig
    from utils.pipeline.execute import execute

    account, work = _Account(), Path(folder)
    names = [VICTIM.format(number) for number in range(max(given.victims))]
    for place, name in enumerate((SOURCE, *names)):
        _add_network(name, given.gradients_per_second if name == SOURCE else 0, account)
        if not (work / f"{name}.ckpt.index").exists():
            _write_checkpoint(name, work, seed=place)
    if given.parts:
        import utils.pipeline.judge  # noqa: F401 (else it comes with the first run)

        for part, functions in PARTS.items():
            clock = time.process_time if part in ("craft", "judge") else time.thread_time
            for module, function in functions:
                account.watch(part, module, function, clock)

    def run(victims: int, count: int, output: str) -> dict[str, float]:
        flags = {
            "num_iter": given.iterations,
            "source": [SOURCE],
            "victims": names[:victims],
            "checkpoint_path": str(work),
            "input_csv": str(work / "images.csv"),
            "input_dir": str(work / "images"),
            "output_dir": str(work / output),
            "limit": count,
        }
        account.seconds.clear()
        cpu, wall = time.process_time(), time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            execute(RunConfig.of_flags(flags))
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        return {"gpu": 0.0, **account.seconds, "cpu": cpu, "wall": wall}

    few, many = given.images
    mark = f"{os.getpid()}"
    run(max(given.victims), few, f"{mark}_first")
    start = {"start_cpu": time.process_time(), "start_wall": time.perf_counter() - _STARTED}
    found = []
    for victims in given.victims:
        less = run(victims, few, f"{mark}_{victims}_few")
        more = run(victims, many, f"{mark}_{victims}_many")
        found.append({name: (more[name] - less.get(name, 0)) / (many - few) for name in more})
    print(json.dumps([each | start for each in found]))


def _write_checkpoint(name: str, folder: Path, seed: int) -> None:
    # Each its own: a run refuses two networks of the same content.
    import numpy as np
    import tensorflow as tf

    weights = np.random.default_rng(seed).standard_normal((3, _CLASSES)).astype(np.float32)
    prefix = str(folder / f"{name}.ckpt")
    tf.raw_ops.SaveV2(
        prefix=prefix,
        tensor_names=[f"{_SCOPE}/logits/weights"],
        shape_and_slices=[""],
        tensors=[weights],
    )


def _add_network(name: str, gradients_per_second: float, account: _Account) -> None:
    import tensorflow as tf

    from models import NETWORKS, Network

    tf1 = tf.compat.v1

    def wait(logits: Any) -> Any:
        seconds = len(logits) / gradients_per_second
        time.sleep(seconds)
        account.add("gpu", seconds)
        return logits * 0

    def build(images: Any, num_classes: int) -> Any:
        with tf1.variable_scope(f"{_SCOPE}/logits"):
            weights = tf1.get_variable("weights", [3, num_classes], images.dtype)
        logits = tf.matmul(tf.reduce_mean(images, [1, 2]), weights)
        if gradients_per_second:
            waited = tf.numpy_function(wait, [logits], logits.dtype)
            logits += tf.stop_gradient(tf.ensure_shape(waited, logits.shape))
        return logits, None

    NETWORKS[name] = Network(
        name=name,
        family="average",
        builder=build,
        scope=_SCOPE,
        side=SIDE,
        num_classes=_CLASSES,
        files=(f"{name}.ckpt",),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])

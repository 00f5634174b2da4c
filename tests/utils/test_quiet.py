"""What TensorFlow says that alarms nobody rightly stays out of the output; nothing else does."""

import gc
import logging
import subprocess
import sys
from pathlib import Path

from utils.quiet import import_tensorflow

ROOT = Path(__file__).resolve().parents[2]


def test_the_alarm_of_retracing_is_not_shown():
    import_tensorflow()
    import_tensorflow()
    logger, said = logging.getLogger("tensorflow"), []
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logger.addHandler(handler)
    # Whatever ran before in this process may have raised it.
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        logger.warning("5 out of the last 5 calls to %s triggered tf.function retracing.", "it")
        logger.warning("something else")
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)
    assert said == ["something else"]
    assert len(logger.filters) == len(set(logger.filters))


def test_the_collector_leaves_tensorflow_alone_and_works_on():
    program = (
        "import gc\n"
        "from utils.quiet import tf\n"
        "gc.callbacks.append(lambda phase, info: seen.append(phase))\n"
        "seen = []\n"
        "tf.constant\n"
        "assert gc.isenabled() and not seen and gc.get_freeze_count() > 100_000\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_collector_that_is_off_stays_off():
    gc.disable()
    try:
        import_tensorflow()
        assert not gc.isenabled()
    finally:
        gc.enable()

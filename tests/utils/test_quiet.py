"""What TensorFlow says that alarms nobody rightly stays out of the output; nothing else does."""

import logging

from utils.quiet import import_tensorflow


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

"""How exactly a run computes: TF32 while it crafts, and ops that add in one order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from utils.pipeline.config import RunConfig
from utils.quiet import tf


@contextmanager
def of_crafting(config: RunConfig) -> Iterator[None]:
    """While entered, the source may compute in TF32 if the run asks for that; victims never do.

    --deterministic also holds afterwards, since TensorFlow can't take it back.
    """
    if config.deterministic:
        tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(config.tf32)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(False)

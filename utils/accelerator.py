"""How TensorFlow is to treat GPUs, said before it uses any; takes TensorFlow as an argument."""

import contextlib
import os
from typing import Any

from utils.errors import UsageError

VARIABLE = "FGNM_DEVICE"
CHOICES = ("cpu", "gpu")


def wanted() -> str:
    """Returns what FGNM_DEVICE asks for: "cpu", "gpu", or "" for whatever is there.

    Raises:
      UsageError: something else.
    """
    value = os.environ.get(VARIABLE, "")
    if value and value not in CHOICES:
        raise UsageError(f"{VARIABLE} is {value!r}; it must be cpu or gpu, or unset.")
    return value


def hidden() -> bool:
    """Whether the user has hidden the GPUs."""
    # Both an empty value and -1 hide all.
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return wanted() == "cpu" or (visible is not None and visible.strip() in ("", "-1"))


def prepare(tf: Any) -> None:
    """Has TensorFlow take GPU memory as it needs it, and compute float32 in float32.

    By default it takes nearly all of the memory at once, so that a second process finds none, and
    rounds the factors of float32 products to 10 bits (TF32) where a GPU can. Where devices are at
    work already, they stay as they are.
    """
    tf.config.experimental.enable_tensor_float_32_execution(False)
    with contextlib.suppress(RuntimeError):
        if os.environ.get(VARIABLE) == "cpu":
            tf.config.set_visible_devices([], "GPU")
        for gpu in tf.config.get_visible_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)

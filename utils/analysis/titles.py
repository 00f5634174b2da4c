"""What methods and modes are called in print."""

import functools

from methods import parse_method
from utils.errors import MethodError


@functools.cache
def method_title(name: str) -> str:
    """Returns a method's usual name, such as "MI-FGSM" for "m"; its own where it is unknown."""
    try:
        return parse_method(name).title()
    except MethodError:
        return name


def mode_title(name: str) -> str:
    """Returns a mode with the paper's name for it."""
    return {"affine": "affine (FGNM_N)", "test": "test (FGNM_K)"}.get(name, name)

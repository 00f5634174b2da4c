"""From a number of classes to which labels they are."""

from utils.errors import ModelError

# Number of classes -> column + offset = label: with the background class first, and without it.
OFFSETS = {1001: 0, 1000: 1, 11: 0, 10: 1}


def label_offset(name: str, num_classes: int) -> int:
    """The label offset of a network that is known by its number of classes alone.

    Raises:
      ModelError: neither ImageNet's nor the demo zoo's number.
    """
    if num_classes not in OFFSETS:
        raise ModelError(
            f"{name} has {num_classes} classes; ImageNet has 1000 or, with the background, 1001 "
            "(the demo zoo 10 or 11)"
        )
    return OFFSETS[num_classes]

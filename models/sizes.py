"""How large a network's checkpoint and its tarball may be."""

from models.costs import weight_bytes

# The largest published tarball (VGG-19's variables alone take 548 MiB) is below it.
MOST_BYTES = 1 << 30
# The published sizes are recorded nowhere, so this is a cap, not a table of them: training leaves
# moving averages and an optimizer's memory beside each variable, and a tarball holds graphs, too.
_COPIES, _BESIDES = 8, 64 << 20


def most_bytes(name: str) -> int:
    """Returns how many bytes the tarball of a network of the zoo may have, packed and unpacked."""
    return min(MOST_BYTES, _COPIES * weight_bytes(name) + _BESIDES)

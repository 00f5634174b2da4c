"""How large a network's checkpoint and its tarball may be."""

import math

from models.folding import checkpoint_shapes
from models.graph import folded_shapes
from models.network import Network

_FLOAT_BYTES = 4
# The largest published tarball (VGG-19's variables alone take 548 MiB) is below it.
MOST_BYTES = 1 << 30
# The published sizes are recorded nowhere, so this is a cap, not a table of them: training leaves
# moving averages and an optimizer's memory beside each variable, and a tarball holds graphs, too.
_COPIES, _BESIDES = 8, 64 << 20


def own_bytes(network: Network) -> int:
    """Returns the bytes of the variables that a network needs: no checkpoint of it is smaller."""
    shapes = checkpoint_shapes(folded_shapes(network), network.batch_norm_gamma)
    return _FLOAT_BYTES * sum(map(math.prod, shapes.values()))


def most_bytes(network: Network) -> int:
    """Returns how many bytes a network's tarball may have, packed and unpacked."""
    return min(MOST_BYTES, _COPIES * own_bytes(network) + _BESIDES)

"""The networks' builders, named after the variables of the public checkpoints.

A builder takes images, float [N, S, S, 3] and preprocessed, and the number of classes (with the
background class, where the checkpoint has one), and returns logits [N, num_classes] and auxiliary
logits of the same shape, or None where the network has no such head. Which scope of `layers` is
active decides whether batch norm is folded.
"""

from utils.quiet import import_tensorflow

# slim's decorators need it as soon as a builder is imported, from wherever that is.
import_tensorflow()

"""The run itself: configuration, crafting, judging, tables. It alone knows the other folders."""

from utils.quiet import quiet_tensorflow

# All of this folder stands on TensorFlow; here is where it is imported first, whatever is started.
with quiet_tensorflow():
    import tensorflow  # noqa: F401

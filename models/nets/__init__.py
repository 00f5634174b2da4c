"""Network architectures that tf_slim.nets lacks, written in its style from variables' names."""

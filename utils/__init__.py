"""The ground, which imports nothing of ours and no TensorFlow; on it, four floors.

pipeline makes one run, analysis reads finished ones, sweeps makes many, benchmarks measures. See
docs/architecture.md.
"""

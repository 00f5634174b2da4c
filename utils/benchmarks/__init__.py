"""What the benchmarks in scripts/ measure with and compare with."""

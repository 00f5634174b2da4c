"""Runs and times what scripts/export_step.py wrote, with a JAX that is there; needs no TensorFlow.

Says how far the result is from TensorFlow's on the processor that exported it, and how many
gradients a second this device computes, step and clip included. Tried with jax 0.10.2, whose
compiler it takes directly, since the program is no JAX function.

Example:
  python scripts/run_step.py step --seconds 10
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np


def main(arguments: list[str]) -> int:
    """Runs the step, prints two lines, and returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="what export_step.py wrote")
    parser.add_argument("--seconds", type=float, default=10.0, help="to time for")
    flags = parser.parse_args(arguments)
    try:
        import jax
        from jax._src.lib import xla_client
    except ImportError:
        print("run_step.py: JAX is not installed: pip install jax.", file=sys.stderr)
        return 1
    try:
        described = json.loads((flags.folder / "step.json").read_text())["parameters"]
        arrays = np.load(flags.folder / "step.npz")
        program = (flags.folder / "step.hlo.pb").read_bytes()
    except (OSError, ValueError, KeyError) as error:
        print(f"run_step.py: {flags.folder} holds no exported step: {error}", file=sys.stderr)
        return 2
    device = jax.devices()[0]
    module = xla_client._xla.mlir.xla_computation_to_mlir_module(xla_client.XlaComputation(program))
    loaded = device.client.compile_and_load(
        module, xla_client.DeviceList((device,)), xla_client.CompileOptions()
    )
    inputs = [jax.device_put(arrays[f"p{index}"], device) for index in range(len(described))]
    result = np.asarray(loaded.execute(inputs)[0])
    apart = np.abs(result - arrays["result"]) * 127.5
    print(
        f"{device.device_kind}, jax {jax.__version__}: at most {apart.max():.4f} of 255 from "
        f"TensorFlow's, {100 * (apart > 0.5).mean():.3f} % of the entries by more than 0.5."
    )
    calls, began = 0, time.perf_counter()
    while not calls or time.perf_counter() - began < flags.seconds:
        loaded.execute(inputs)[0].block_until_ready()
        calls += 1
    rate = calls * len(result) / (time.perf_counter() - began)
    print(f"{rate:.1f} gradients a second in batches of {len(result)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

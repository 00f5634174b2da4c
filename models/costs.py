"""How large each network of the zoo is and how much work an image makes it.

costs.csv holds what is counted on the networks' own graphs (`count` in tests/models/test_costs.py
writes its rows), so that sizes and times can be told before anything is built.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("costs.csv")
_BYTES_A_WEIGHT = 4


@dataclass(frozen=True)
class Cost:
    """What one network costs.

    Attributes:
      weights: numbers in its checkpoint, float32 each.
      forward: operations of one image's prediction at the network's own side, a multiply-add
        counting as two: convolutions and dense layers alone. A gradient takes twice as many.
    """

    weights: int
    forward: float


def cost_of(name: str) -> Cost | None:
    """Returns the cost of a network of the zoo; None for any other."""
    return _costs().get(name)


def weight_bytes(name: str) -> int:
    """Returns the bytes of a network of the zoo's weights: no checkpoint of it is smaller."""
    return _BYTES_A_WEIGHT * _costs()[name].weights


def gigabytes(names: Iterable[str]) -> float:
    """Returns the size of the zoo's networks' weights in 10^9 bytes."""
    return sum(map(weight_bytes, names)) / 1e9


@cache
def _costs() -> dict[str, Cost]:
    with _FILE.open(newline="", encoding="utf-8") as file:
        return {
            row["network"]: Cost(int(row["weights"]), float(row["forward"]))
            for row in csv.DictReader(file)
        }

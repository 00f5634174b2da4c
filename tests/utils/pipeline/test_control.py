"""An attack that does no more than noise is told so."""

import pandas as pd

from utils.pipeline.control import beside_control


def rows(**of_mode):
    return pd.DataFrame(
        {
            "victim": "net",
            "mode": mode,
            "images": 100,
            "misclassified": count,
            "success_rate": float(count),
            "target_hits": count,
            "target_rate": float(count),
        }
        for mode, count in of_mode.items()
    )


def test_what_is_within_the_interval_of_noise_is_named():
    (text,) = beside_control(rows(sign=28, affine=60, random=25), targeted=False)
    assert text.startswith("Control: sign is within the interval of random")
    assert "net (28.0 %, random 25.0 %)" in text
    assert beside_control(rows(sign=5, random=4), targeted=True)


def test_nothing_is_said_of_attacks_that_beat_it_or_without_it():
    assert beside_control(rows(sign=60, affine=70, random=25), targeted=False) == []
    assert beside_control(rows(sign=25, affine=30), targeted=False) == []

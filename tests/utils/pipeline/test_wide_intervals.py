"""The sentence on power at a run's end."""

import pandas as pd

from utils.pipeline.wide_intervals import power_sentence


def transfer(low, high):
    """Sign and affine on the source, whose interval doesn't count, and on two others."""
    rows = [("net_a", "white-box", -50, 50), ("net_b", "black-box", 0, 1)]
    rows += [("net_c", "black-box", low, high)]
    table = pd.DataFrame(rows, columns=["victim", "setting", "gain_low", "gain_high"])
    table = table.assign(mode="affine", images=60)
    sign = table.assign(mode="sign", gain_low=float("nan"), gain_high=float("nan"))
    return pd.concat([sign, table], ignore_index=True)


def test_a_wide_interval_is_told_with_the_images_that_it_takes():
    (sentence,) = power_sentence(transfer(-3.2, 19.2))
    assert "affine's on net_c, reaches 11 points" in sentence
    # 60 * (11.2 / 5)^2 is 301.
    assert "with 60 images: 310 would narrow this to +-5" in sentence


def test_a_narrow_one_and_none_are_not():
    assert power_sentence(transfer(-4, 6)) == []
    assert power_sentence(transfer(0, 1).query("mode == 'sign'")) == []

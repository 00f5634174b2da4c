"""Runs of other networks or other images under the same names are never pooled nor paired."""

import io

import pandas as pd
import pytest

from scripts import figures, report, table
from tests.made_up_results import write_run
from utils.analysis.families import load_families

ONE, TWO = "1" * 64, "2" * 64


def _csv(capsys, *arguments):
    assert table.main([*map(str, arguments), "--format", "csv"]) == 0
    return pd.read_csv(io.StringIO(capsys.readouterr().out))


def test_a_victims_weights_part_families_and_the_titles_say_so(tmp_path):
    write_run(tmp_path / "a", epsilon=4.0, weights={"net_b": ONE})
    write_run(tmp_path / "b", epsilon=8.0, weights={"net_b": TWO})
    titles = [family.title for family in load_families([tmp_path])]
    assert len(titles) == 2
    assert "weights of net_b 111111111111" in titles[0]
    assert "weights of net_b 222222222222" in titles[1]
    assert "net_c" not in titles[0]


def test_the_originals_bytes_part_families_and_the_titles_say_so(tmp_path):
    write_run(tmp_path / "a", epsilon=4.0, images_sha256=ONE)
    write_run(tmp_path / "b", epsilon=8.0, images_sha256=TWO)
    write_run(tmp_path / "c", epsilon=16.0)
    titles = [family.title for family in load_families([tmp_path])]
    assert len(titles) == 3
    assert "images 111111111111" in titles[0] and "images 222222222222" in titles[1]
    assert "images of unrecorded content" in titles[2]


def test_image_ids_part_families_and_the_titles_say_so(tmp_path):
    write_run(tmp_path / "a", epsilon=4.0)
    write_run(tmp_path / "b", epsilon=8.0, ids=[f"x{i}" for i in range(40)])
    titles = {family.title for family in load_families([tmp_path])}
    assert len(titles) == 2 and all("ImageIds" in title for title in titles)


def test_families_that_agree_say_nothing(tmp_path):
    for epsilon in (4.0, 8.0):
        write_run(tmp_path, epsilon=epsilon, weights={"net_b": ONE}, images_sha256=TWO)
    (family,) = load_families([tmp_path])
    assert family.differs == ""


def test_the_order_of_victims_and_a_third_run_change_nothing(tmp_path):
    write_run(tmp_path / "a", epsilon=2.0, victims=("net_a", "net_c"))
    write_run(tmp_path / "b", epsilon=4.0, weights={"net_b": ONE})
    write_run(tmp_path / "c", epsilon=8.0, weights={"net_b": TWO})
    sizes = [family.sizes for family in load_families([tmp_path])]
    assert sizes == [[2.0, 4.0], [8.0]]


def test_equal_l2_never_crosses_two_networks(tmp_path, capsys):
    """A bold gain once stood across two networks of one name."""
    write_run(tmp_path / "a", epsilon=4.0, modes=("sign",), weights={"net_b": ONE})
    write_run(tmp_path / "b", epsilon=8.0, weights={"net_b": TWO})
    assert table.main([str(tmp_path), "--equal_l2"]) == 1
    assert "needs sign at two or more" in capsys.readouterr().err


@pytest.mark.parametrize("script", [figures, report])
def test_figures_and_page_keep_them_apart(tmp_path, script):
    for number, weights in enumerate((ONE, TWO)):
        folder = tmp_path / "r" / str(number)
        write_run(folder, images=4, weights={"net_b": weights})
    output = tmp_path / "out"
    assert script.main([str(tmp_path / "r"), "-o", str(output), "--figures", "cosine"]) == 0
    if script is figures:
        assert len(list(output.rglob("cosine.png"))) == 2
    else:
        assert output.read_text().count('<h2 id="family') == 2


def test_a_gain_pairs_the_same_seeds_alone(tmp_path, capsys):
    """affine of seeds 0 and 1 is no pair of sign of seed 0."""
    write_run(tmp_path / "0", seed=0)
    write_run(tmp_path / "1", seed=1, modes=("affine",))
    made = _csv(capsys, tmp_path)
    assert made["gain_over_sign"].isna().all()
    assert table.main([str(tmp_path)]) == 0
    assert "same seeds" in capsys.readouterr().out


def test_equal_l2_compares_the_same_seeds_alone(tmp_path, capsys):
    write_run(tmp_path / "0", epsilon=4.0, seed=0)
    write_run(tmp_path / "1", epsilon=8.0, seed=1)
    write_run(tmp_path / "0", epsilon=16.0, seed=0)
    made = _csv(capsys, tmp_path, "--equal_l2")
    compared = made[made["sign_success"].notna()]
    assert set(compared["max_epsilon"]) == {16.0}
    # Between sign at 4 and at 16 of seed 0: L2 12 / 20 of sign's is epsilon 9.6.
    assert set(compared["sign_epsilon"].round(3)) == {9.6}

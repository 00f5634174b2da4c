import io
import json

import pandas as pd
import pytest

from scripts import table
from tests.made_up_results import write_run, write_sweep


@pytest.fixture(scope="module")
def sweep(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    return write_sweep(folder, modes=("sign", "affine", "test"))


def _csv(capsys, *arguments):
    assert table.main([*map(str, arguments), "--format", "csv"]) == 0
    return pd.read_csv(io.StringIO(capsys.readouterr().out))


def test_csv_holds_transfer_csvs_own_figures(sweep, capsys):
    keys = ["method", "max_epsilon", "mode", "victim"]
    made = _csv(capsys, sweep).set_index(keys)
    written = pd.concat(pd.read_csv(file) for file in sweep.rglob("transfer.csv")).set_index(keys)
    figures = ["success_rate", "success_low", "success_high", "gain_over_sign", "gain_low"]
    figures += ["gain_high", "mcnemar_p", "setting", "images"]
    assert len(written) == 2 * 4 * 3 * 3
    pd.testing.assert_frame_equal(made.loc[written.index, figures], written[figures])


def test_black_box_mean_leaves_the_source_out(sweep, capsys):
    made = _csv(capsys, sweep, "--max_epsilon", 16).set_index(["method", "mode", "victim"])
    rate = made["success_rate"]
    expected = (rate["if", "affine", "net_b"] + rate["if", "affine", "net_c"]) / 2
    assert rate["if", "affine", "black-box mean"] == pytest.approx(expected, abs=0.011)
    mean = made.loc["if", "affine", "black-box mean"]
    assert mean["gain_low"] < mean["gain_over_sign"] < mean["gain_high"]


def test_markdown_has_methods_as_rows_and_modes_side_by_side(sweep, capsys):
    assert table.main([str(sweep), "--max_epsilon", "16"]) == 0
    text = capsys.readouterr().out
    rows = {
        line.split("|")[1].strip(): line.split("|")[2:-1]
        for line in text.splitlines()
        if "|" in line
    }
    header = [cell.strip() for cell in rows["method"]]
    assert header == ["net_a†", "net_b", "net_c", "black-box mean", "mean L2 (SSIM)"]
    file = sweep / "imagenet/net_a/if/eps16/transfer.csv"
    written = pd.read_csv(file).set_index(["victim", "mode"])
    of_modes = written.loc["net_b"].itertuples()
    costs = [f"{mode.mean_l2:.0f} ({mode.mean_ssim:.3f})" for mode in of_modes]
    assert rows["I-FGSM"][-1].strip() == " / ".join(costs)
    assert rows["clean"][-1].strip() == "0 (1.000)"
    transfer = written["success_rate"]
    cell = rows["I-FGSM"][1].strip()
    shown = [float(part.strip("* ")) for part in cell.split("/")]
    assert shown == pytest.approx(
        [transfer["net_b", m] for m in ("sign", "affine", "test")], abs=0.06
    )
    best = max(transfer["net_b"])
    assert f"**{best:.1f}**" in cell and cell.count("**") == 2
    assert "MI-FGSM" in rows


def test_latex_is_balanced_and_escaped(sweep, capsys):
    assert table.main([str(sweep), "--format", "latex"]) == 0
    text = capsys.readouterr().out
    assert text.count("\\begin{tabular}") == text.count("\\end{tabular}") == 4
    assert "net\\_b" in text and "$^{\\dagger}$" in text
    rows = [line for line in text.splitlines() if line.endswith("\\\\")]
    assert {line.count(" & ") for line in rows} == {5}


def test_equal_l2_as_csv_and_markdown(sweep, capsys):
    made = _csv(capsys, sweep, "--equal_l2")
    assert set(made["mode"]) == {"affine", "test"}
    assert table.main([str(sweep), "--equal_l2"]) == 0
    assert "gain at equal L2, per victim" in capsys.readouterr().out


def test_published_stand_beside_with_the_difference(tmp_path, capsys):
    victims = ("inception_v3", "inception_v4", "resnet_v2_50")
    write_run(tmp_path, method="m", source="inception_v3", victims=victims)
    made = _csv(capsys, tmp_path, "--beside", "published").set_index(["mode", "victim"])
    row = made.loc["sign", "inception_v4"]
    assert row["published"] == pytest.approx((55.1 + 54.1) / 2)
    assert row["difference"] == pytest.approx(row["success_rate"] - row["published"], abs=0.011)
    assert pd.isna(made.loc["affine", "inception_v4"]["published"])
    assert pd.isna(made.loc["sign", "resnet_v2_50"]["published"])
    assert table.main([str(tmp_path), "--beside", "published"]) == 0
    text = capsys.readouterr().out
    assert f"(54.6, {row['difference']:+.1f})" in text
    assert "images is 40 here, 1000 there" in text


def test_clean_errors_stand_beside_the_accuracy_published(tmp_path, capsys):
    flags = {"method": "m", "source": "inception_v3", "victims": ("inception_v3", "inception_v4")}
    for name, accuracy in (("known", 77.9), ("unknown", None)):
        write_run(tmp_path / name, accuracy=accuracy, **flags)
    assert table.main([str(tmp_path / "known"), "--beside", "published"]) == 0
    assert "| clean error | 0.0 (22.1, -22.1) |" in capsys.readouterr().out
    assert table.main([str(tmp_path / "unknown"), "--beside", "published"]) == 0
    assert "| clean error | 0.0 | 0.0 |" in capsys.readouterr().out


def test_a_method_goes_by_its_usual_name_where_its_run_told_it(tmp_path, capsys):
    folder = write_run(tmp_path, method="m")
    assert table.main([str(tmp_path)]) == 0
    assert "| MI-FGSM |" in capsys.readouterr().out
    record = json.loads((folder / "run.json").read_text())
    del record["method_title"]
    (folder / "run.json").write_text(json.dumps(record))
    assert table.main([str(tmp_path)]) == 0
    assert "| m |" in capsys.readouterr().out


def test_another_source_has_nothing_published_beside_it(sweep, capsys):
    assert table.main([str(sweep), "--beside", "published"]) == 0
    assert "Nothing to stand beside" in capsys.readouterr().out


def test_several_seeds_are_averaged(tmp_path, capsys):
    for seed in (0, 1, 2):
        write_run(tmp_path / f"seed{seed}", seed=seed)
    made = _csv(capsys, tmp_path)
    assert set(made["seeds"]) == {3}
    files = [pd.read_csv(file) for file in tmp_path.rglob("transfer.csv")]
    mean = sum(file["success_rate"].iloc[-1] for file in files) / 3
    key = files[0].iloc[-1]
    row = made[(made["mode"] == key["mode"]) & (made["victim"] == key["victim"])]
    assert row["success_rate"].item() == pytest.approx(mean, abs=0.011)


def test_the_demo_zoo_says_so(tmp_path, capsys):
    write_run(tmp_path, zoo="demo")
    assert table.main([str(tmp_path)]) == 0
    assert "DEMO" in capsys.readouterr().out


def test_failures_are_one_sentence(tmp_path, capsys):
    assert table.main([str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("table.py: No finished run") and error.count("\n") == 1
    write_run(tmp_path)
    assert table.main([str(tmp_path), "--max_epsilon", "3"]) == 1
    assert "no such epsilon" in capsys.readouterr().err


def test_a_row_a_mode_says_what_it_reached_and_what_it_cost(sweep, capsys):
    assert table.main([str(sweep), "--layout", "modes", "--max_epsilon", "16"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    affine = dict(zip(cells[0], cells[4], strict=True))
    assert cells[2][0] == "clean"
    assert cells[3][:2] == ["I-FGSM", "sign"] and affine["mode"] == "affine"
    folder = sweep / "imagenet/net_a/if/eps16"
    transfer = pd.read_csv(folder / "transfer.csv").set_index(["victim", "mode"])
    written = transfer.loc["net_b", "affine"]
    assert float(affine["net_b"]) == pytest.approx(written["success_rate"], abs=0.06)
    assert float(affine["mean abs"]) == pytest.approx(written["mean_abs"], abs=0.006)
    cost = f"{written['mean_l2']:.0f} ({written['mean_ssim']:.3f})"
    assert affine["mean L2 (SSIM)"] == cost
    steps = pd.read_csv(folder / "steps.csv").groupby("mode")["mean_cosine"].mean()
    assert float(affine["cosine"]) == pytest.approx(steps["affine"], abs=0.0006)
    assert cells[3][cells[0].index("gain over sign")] == ""


@pytest.mark.parametrize("layout", ["paper", "modes"])
def test_the_source_may_be_the_only_victim(tmp_path, capsys, layout):
    write_run(tmp_path, victims=("net_a",))
    assert table.main([str(tmp_path), "--layout", layout]) == 0
    text = capsys.readouterr().out
    assert "net_a†" in text and "nan" not in text


@pytest.mark.parametrize("layout", ["paper", "modes"])
def test_a_run_may_have_fewer_victims_than_others(tmp_path, capsys, layout):
    write_run(tmp_path, "if")
    write_run(tmp_path, "m", victims=("net_a", "net_b"))
    assert table.main([str(tmp_path), "--layout", layout]) == 0
    text = capsys.readouterr().out
    assert "MI-FGSM" in text and "nan" not in text


def test_equal_l2_is_blank_where_sign_was_judged_at_one_bound(tmp_path, capsys):
    write_run(tmp_path, epsilon=8.0, victims=("net_a", "net_b"))
    write_run(tmp_path, epsilon=16.0)
    assert table.main([str(tmp_path), "--equal_l2"]) == 0
    text = capsys.readouterr().out
    assert "sign not swept" in text and "is over net_b," in text
    made = _csv(capsys, tmp_path, "--equal_l2").set_index(["max_epsilon", "victim"])
    assert made.loc[16, "net_b"]["sign_success"] > 0
    assert pd.isna(made.loc[16, "net_c"]["sign_success"])


RANDOM = ("sign", "affine", "random")


def _told(text):
    """A Markdown table's cells by row and column."""
    lines = [line.split("|")[1:-1] for line in text.splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line] for line in lines]
    return {row[0]: dict(zip(head, row, strict=True)) for row in rows}


def test_a_clean_line_stands_in_every_format(tmp_path, capsys):
    """mobilenet_v1_0.25_128 had 80 % where 50 are clean errors, and nothing said so."""
    write_run(tmp_path, clean_errors=10)
    for layout in ("paper", "modes"):
        assert table.main([str(tmp_path), "--layout", layout]) == 0
        clean = _told(capsys.readouterr().out)["clean"]
        assert clean["net_b"] == clean["black-box mean"] == "25.0"
    assert table.main([str(tmp_path), "--format", "latex"]) == 0
    assert "clean & 25.0 & 25.0 & 25.0 & 25.0 & 0 (1.000) \\\\" in capsys.readouterr().out
    clean = _csv(capsys, tmp_path).set_index(["mode", "victim"]).loc["clean"]
    assert set(clean["success_rate"]) == {25.0} and set(clean["max_epsilon"]) == {0}
    assert clean.loc["net_b", "success_low"] < 25 < clean.loc["net_b", "success_high"]


def test_a_targeted_clean_line_counts_hits(tmp_path, capsys):
    write_run(tmp_path, clean_errors=10, targeted=True)
    assert table.main([str(tmp_path)]) == 0
    text = capsys.readouterr().out
    # The made-up errors are of the next label, which is the target.
    assert _told(text)["clean"]["net_b"] == "25.0"
    assert "taken for their target without any attack" in text


def test_the_rate_of_flips_is_transfer_csvs(tmp_path, capsys):
    for seed in (0, 1):
        write_run(tmp_path / f"{seed}", clean_errors=10, seed=seed)
    one = _csv(capsys, tmp_path / "0", "--rate", "flip").set_index(["mode", "victim"])
    written = pd.read_csv(next((tmp_path / "0").rglob("transfer.csv")))
    written = written.set_index(["mode", "victim"])
    names = {"flip_rate": "success_rate", "flip_low": "success_low", "flip_high": "success_high"}
    expected = written[[*names]].rename(columns=names)
    pd.testing.assert_frame_equal(one.loc[written.index, [*names.values()]], expected)
    assert set(one.loc["affine", "images"]) == {30} and set(one["clean_success"].dropna()) == {0}
    mean = one.loc[("affine", "black-box mean"), "success_rate"]
    pair = one.loc["affine"].loc[["net_b", "net_c"], "success_rate"]
    assert mean == pytest.approx(pair.mean(), abs=0.011)
    both = _csv(capsys, tmp_path, "--rate", "flip").set_index(["mode", "victim"])
    assert both.loc[("affine", "net_b"), "seeds"] == 2
    assert table.main([str(tmp_path), "--rate", "flip"]) == 0
    assert "right when clean" in capsys.readouterr().out


def test_random_control_stands_beside_and_marks_what_is_not_above_it(tmp_path, capsys):
    write_run(tmp_path, modes=RANDOM, images=100, epsilon=4.0)
    made = _csv(capsys, tmp_path).set_index(["mode", "victim"])
    control = made.loc[("random", "net_b")]
    row = made.loc[("affine", "net_b")]
    assert row["random_success"] == control["success_rate"]
    assert row["random_high"] == control["success_high"]
    assert row["within_random"] == int(row["success_rate"] <= control["success_high"])
    assert pd.isna(control["within_random"])
    assert table.main([str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert _told(text)["random control"]["net_b"] == f"{control['success_rate']:.1f}"
    assert "sign / affine." in text and "‡" not in _told(text)["I-FGSM"]["net_b"]
    write_run(tmp_path / "weak", modes=RANDOM, images=100, epsilon=0.5)
    assert table.main([str(tmp_path / "weak")]) == 0
    text = capsys.readouterr().out
    assert "0.0‡" in text and "not above its random control" in text


def test_seven_modes_have_a_line_each(tmp_path, capsys):
    modes = ("sign", "affine", "test", "raw", "staircase", "matched", "random")
    write_run(tmp_path, modes=modes)
    assert table.main([str(tmp_path)]) == 0
    text = capsys.readouterr().out
    told = _told(text)
    assert [row for row in told if row in modes] == list(modes)
    assert "I-FGSM" in told and " / " not in text.replace("\n", " ").split("- ")[0]
    assert max(map(len, (line for line in text.splitlines() if line.startswith("|")))) < 110
    assert table.main([str(tmp_path), "--format", "latex"]) == 0
    text = capsys.readouterr().out
    assert "\\multicolumn{7}{l}{\\textit{I-FGSM}}" in text
    assert "\\usepackage{booktabs,graphicx}" in text and "\\rotatebox{90}{net\\_b}" in text


def test_latex_has_minus_signs_and_names_its_packages(tmp_path, capsys):
    write_run(tmp_path, modes=("sign", "weaker"))
    assert table.main([str(tmp_path), "--format", "latex"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("% In the preamble: \\usepackage{booktabs}")
    (gains,) = (line for line in text.splitlines() if line.startswith("gain"))
    assert "$-$" in gains and "-" not in gains.replace("$-$", "")


def test_intervals_are_named(sweep, capsys):
    for options in ([], ["--layout", "modes"], ["--equal_l2"]):
        assert table.main([str(sweep), *options]) == 0
        text = capsys.readouterr().out
        assert "Agresti and Min" in text and "bootstrap" not in text


def test_the_older_name_of_the_epsilon_filter_still_works(sweep, capsys):
    new, old = (_csv(capsys, sweep, flag, 16) for flag in ("--max_epsilon", "--epsilon"))
    pd.testing.assert_frame_equal(new, old)
    with pytest.raises(SystemExit):
        table.main(["--help"])
    told = capsys.readouterr().out
    assert "--max_epsilon" in told and "--epsilon" not in told

"""The gains of the paper's abstract stand beside those of a family."""

from scripts import table
from tests.made_up_results import write_run

VICTIMS = ("net_a", "net_b", "adv_net", "ens3_adv_net")


def _rows(path, capsys):
    """Victim -> gain of affine, as the CSV has them."""
    assert table.main([str(path), "--format", "csv"]) == 0
    head, *lines = [line.split(",") for line in capsys.readouterr().out.strip().splitlines()]
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    return {row["victim"]: float(row["gain_over_sign"]) for row in rows if row["mode"] == "affine"}


def _text(path, capsys):
    assert table.main([str(path), "--beside", "published"]) == 0
    return capsys.readouterr().out


def test_untargeted_gains_are_of_all_black_box_victims(tmp_path, capsys):
    write_run(tmp_path, "m", victims=VICTIMS)
    gains = [gain for victim, gain in _rows(tmp_path, capsys).items() if victim in VICTIMS[1:]]
    text = _text(tmp_path, capsys)
    assert (
        f"at most {max(gains):+.1f} points and {sum(gains) / 3:+.1f} on average over the 3" in text
    )
    assert "abstract has +27.5 and +9.5" in text


def test_targeted_gains_are_of_defended_victims(tmp_path, capsys):
    write_run(tmp_path, "m", victims=VICTIMS, targeted=True)
    gains = [gain for victim, gain in _rows(tmp_path, capsys).items() if "adv" in victim]
    text = _text(tmp_path, capsys)
    assert (
        f"at most {max(gains):+.1f} points and {sum(gains) / 2:+.1f} on average over the 2" in text
    )
    assert "abstract has +15.1 and +12.7" in text


def test_the_demo_zoo_is_not_compared(tmp_path, capsys):
    write_run(tmp_path, "m", zoo="demo")
    assert "abstract" not in _text(tmp_path, capsys)

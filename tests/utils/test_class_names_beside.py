"""Class names are found beside the CSV, or there are none."""

from utils.class_names import names_beside


def test_the_first_synonym_of_each_line(tmp_path):
    csv = tmp_path / "labels.csv"
    assert names_beside(csv) == ()
    (tmp_path / "class_names.txt").write_text("background\ntench, Tinca tinca\n\tgold  fish\n")
    assert names_beside(csv) == ("background", "tench", "gold fish")
    (tmp_path / "class_names.txt").write_bytes(b"\xff\xfe\x00")
    assert names_beside(csv) == ()
    (tmp_path / "class_names.txt").unlink()
    (tmp_path / "class_names.txt").mkdir()
    assert names_beside(csv) == ()


def test_a_list_that_does_not_begin_with_the_background_names_no_label(tmp_path):
    """Its first line would be label 1, and every name beside the wrong number."""
    (tmp_path / "class_names.txt").write_text("tench\ngold fish\n")
    assert names_beside(tmp_path / "labels.csv") == ()

"""Other tools' label files: recognised, with the right offset, or refused with what decides."""

import json

import pytest

from data.foreign_labels import read_foreign_labels
from utils.errors import DataError, UsageError

LABELS_CSV = "filename,label,targeted_label\na.png,0,4\nb.jpg,9,3\n"
CLASS_INDEX = "class_index,class,image_name\n3,triangle,a.png\n"


def read(tmp_path, text, max_label=10, **options):
    place = tmp_path / "labels"
    place.write_text(text)
    found = read_foreign_labels(place, max_label, **options)
    return found and [(row.file, row.label, row.target) for row in found.rows]


def test_each_kind_is_known_by_its_columns(tmp_path):
    assert read(tmp_path, LABELS_CSV) == [("a.png", 1, 5), ("b.jpg", 10, 4)]
    assert read(tmp_path, CLASS_INDEX) == [("a.png", 4, None)]
    assert read(tmp_path, "\ufeffLabel, Filename\r\n0,a.png\r\n\r\n") == [("a.png", 1, None)]
    lines = '["x/a.png", 0]\n\n["b.png", "3"]\n'
    assert read(tmp_path, lines) == [("x/a.png", 1, None), ("b.png", 4, None)]
    whole = json.dumps([["a.png", 10], ["b.png", 3]], indent=1)
    assert read(tmp_path, whole) == [("a.png", 10, None), ("b.png", 3, None)]


def test_this_programs_own_kind_and_what_is_unknown_are_left_to_its_reader(tmp_path):
    for text in ("ImageId,TrueLabel\na,1\n", "", "no,such\n1,2\n", "\0\0", '"'):
        assert read(tmp_path, text) is None
    assert read_foreign_labels(tmp_path / "none", 10) is None


def test_what_it_was_read_as_is_said(tmp_path):
    (tmp_path / "labels").write_text(LABELS_CSV)
    found = read_foreign_labels(tmp_path / "labels", 10)
    assert found.told() == (
        "labels_csv with 2 images, labels counting from 0, so TrueLabel is its label + 1"
    )


@pytest.mark.parametrize(
    "text", ["filename,label\na.png,3\n", '["a.png", 3]\n', "label,filename\n1,a\n9,b\n"]
)
def test_a_count_that_may_begin_at_0_or_1_is_refused_with_its_flag(tmp_path, text):
    with pytest.raises(UsageError, match="give --label_offset 1 .* or --label_offset 0"):
        read(tmp_path, text)
    low, high = (read(tmp_path, text, offset=each)[0][1] for each in (0, 1))
    assert high == low + 1


def test_labels_from_1_in_a_kind_that_counts_from_0_are_refused_with_the_flag(tmp_path):
    text = "filename,label,targeted_label\na.png,10,4\n"
    with pytest.raises(UsageError, match="but holds 10: give --label_offset 0"):
        read(tmp_path, text)
    assert read(tmp_path, text, offset=0) == [("a.png", 10, 4)]


def test_two_kinds_in_one_are_refused_with_the_flag(tmp_path):
    text = "ImageId,TrueLabel,filename,label,targeted_label\na,1,a.png,0,4\n"
    with pytest.raises(UsageError, match="labels_csv and of dev_dataset: say with --label_format"):
        read(tmp_path, text)
    assert read(tmp_path, text, asked="dev_dataset") is None
    assert read(tmp_path, text, asked="labels_csv") == [("a.png", 1, 5)]
    with pytest.raises(UsageError, match="is no class_index, which holds class_index, class"):
        read(tmp_path, text, asked="class_index")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("filename,label\na.png,cat\n", "row 1: label is 'cat', which is no label"),
        ("filename,label\na.png,-1\n", "row 1: label is '-1'"),
        ("filename,label\na.png,11\n", "labels from 11 to 11, and classes are 1 to 10"),
        ("filename,label\na.png,0\nb.png,10\n", "labels from 0 to 10"),
        ("filename,label\n,0\n", "row 1 names no image"),
        ("filename,label\n", "names no image"),
        ("filename,label\na,b,0\n", "row 1 has 3 fields"),
        ("filename,label,label\na,0,0\n", "two columns of one name"),
        ('["a", 1]\n{"b": 2}\n', "line 2 is not"),
        ('["a", 1]\n["b", \n', "line 2 is no JSON"),
        ('["a", true]\n', "row 1: 1 is 'True'"),
        ("[" * 100_000, "line 1 is no JSON"),
        ('filename,label\n"a\n', "is no CSV file"),
    ],
)
def test_what_can_not_be_read_is_one_sentence(tmp_path, text, said):
    with pytest.raises(DataError, match=said) as error:
        read(tmp_path, text)
    assert len(str(error.value)) < 500

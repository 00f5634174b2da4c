"""What victims said is held in columns and comes out as it went in."""

import numpy as np

from utils.pipeline.said import LABELS, Said, said_table, table_of_rows

ROWS = [
    ("net", "clean", "a", [3, 1, 2, 5, 4], 0.5),
    ("net", "clean", "c", [7], None),
    ("net", "sign", "b", [0, -2], 1.0),
]


def test_a_table_has_what_was_noted_in_order():
    said = {("net", "clean"): Said(3), ("net", "sign"): Said(3), ("net", "affine"): Said(3)}
    for _, mode, image_id, labels, confidence in reversed(ROWS):
        said["net", mode].note("abc".index(image_id), labels, confidence)
    table = said_table(said, "abc")
    names = ["victim", "mode", "image_id"]
    assert list(table[names].itertuples(index=False, name=None)) == [row[:3] for row in ROWS]
    assert table[LABELS[0]].tolist() == [3, 7, 0] and table[LABELS[1]].tolist()[::2] == [1, -2]
    np.testing.assert_array_equal(table["confidence"], [0.5, np.nan, 1.0])
    assert table.equals(table_of_rows(ROWS))


def test_the_last_answer_counts_whole():
    said = Said(1)
    said.note(0, [1, 2, 3, 4, 5], 0.5)
    said.note(0, [6], None)
    assert said.labels[0, 0] == 6 and not {2, 3, 4, 5} & set(said.labels[0].tolist())
    assert np.isnan(said.confidence[0]) and said.there.all()


def test_nothing_said_is_a_table_without_rows():
    for table in (said_table({}, ()), said_table({("net", "clean"): Said(2)}, "ab")):
        assert len(table) == 0 and {"victim", "mode", "image_id", *LABELS} <= set(table)
    assert len(table_of_rows([])) == 0


def test_an_answer_takes_few_bytes():
    said = Said(1000)
    held = (said.labels, said.confidence, said.there)
    assert sum(each.nbytes for each in held) / 1000 < 32

"""Answers of another program: read back as written, and what is wrong is named by its row."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.answers import read_answers
from utils.answers import UNTOLD
from utils.errors import DataError

PNGS = {(mode, image): f"{mode}{image}" for mode in ("clean", "sign") for image in ("a", "b.x")}
ROWS = [f"{image},{mode},{label}" for label, (mode, image) in enumerate(PNGS)]


@pytest.fixture
def read(tmp_path):
    def reads(*lines, header="image,mode,label", offset=1, **options):
        path = tmp_path / "vit.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        return read_answers(path, offset, PNGS, 10, **options)

    return reads


def test_labels_are_shifted_and_what_is_not_told_stays_unknown(read):
    found = read(*ROWS)
    assert [each.labels for each in found.answers.values()] == [[n + 1, UNTOLD] for n in range(4)]
    assert {each.confidence for each in found.answers.values()} == {None}
    assert found.spare == 0 and not found.tied


def test_the_columns_that_may_be_there(read):
    header = "mode,label,image,confidence,png_sha256,top5,note"
    lines = [f"{m},3,{i},0.25,{d.upper()},3 9 0,x" for (m, i), d in PNGS.items()]
    found = read(*lines, header=header)
    assert found.tied
    for each in found.answers.values():
        assert (each.labels, each.confidence) == ([4, 10, 1], 0.25)


@pytest.mark.parametrize("image", ["b.x", "b.x.png", "b.x.PNG", "some/where/b.x.png"])
def test_an_image_may_be_named_by_its_file(read, image):
    lines = [*ROWS[:3], f"{image},sign,7", "c,clean,1", "a,affine,1"]
    found = read(*lines)
    assert found.answers["sign", "b.x"].labels[0] == 8 and found.spare == 2


def column(name, value, others=""):
    """All rows with one more column, the second row's value another than the others'."""
    lines = [f"{row},{value if number == 1 else others}" for number, row in enumerate(ROWS)]
    return {"header": f"image,mode,label,{name}", "lines": lines}


@pytest.mark.parametrize(
    ("case", "says"),
    [
        ({"lines": ROWS[:3]}, r"lacks answers to 1 of 4 PNGs \(1 of sign; first sign/b.x\)"),
        ({"lines": ROWS[:2]}, r"2 of 4 PNGs \(all 2 of sign; first sign/a\): have the program"),
        ({"lines": []}, "lacks answers to 4 of 4 PNGs"),
        ({"lines": [*ROWS, "a.png,sign,1"]}, "two answers to sign/a, in rows 3 and 5: keep one"),
        ({"lines": ["a,clean,10"]}, "row 1: label 10 with offset=1 is 11, and labels are 1 to 10"),
        ({"lines": ["a,clean,0"], "offset": -1}, "offset=-1 is -1, .*: give offset=1 where"),
        ({"lines": ["a,clean,-1"]}, "label is '-1', and labels are whole numbers"),
        ({"lines": ["a,clean,1.0"]}, "label is '1.0'"),
        ({"lines": ["a,clean,"]}, "label is ''"),
        ({"lines": ["a,clean,1,2"]}, "row 1 has 4 fields, its header 3"),
        ({"lines": ROWS, "header": "image,label,what"}, "no column mode: it needs those of a file"),
        ({"lines": ROWS, "rows": 3}, "more than 3 rows"),
        (column("confidence", "nan", 0.5), "row 2: confidence is 'nan'; it is the label's"),
        (column("confidence", "93.1", 0.5), "confidence is '93.1'.*from 0 to 1"),
        (column("confidence", "inf", 0.5), "confidence is 'inf'"),
        (column("confidence", "high", 0.5), "confidence is 'high'"),
        (column("confidence", "0.5"), "has confidence in 1 of 4 rows: fill the whole column"),
        (column("top5", "2 1"), "top5 is '2 1'; .* the row's label is the first"),
        (column("top5", "1 1"), "five different labels"),
        (column("top5", "1 2 3 4 5 6"), "up to five"),
        (column("top5", "1 10"), "top5 10 with offset=1 is 11"),
        (column("png_sha256", "0" * 64), "row 2: the answer is to other bytes than .* clean/b.x"),
        (column("png_sha256", PNGS["clean", "b.x"]), "has png_sha256 in 1 of 4 rows"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(read, case, says):
    lines = case.pop("lines")
    with pytest.raises(DataError, match=says) as caught:
        read(*lines, **case)
    assert "vit.csv" in str(caught.value) and "\n" not in str(caught.value)


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_bytes_give_answers_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "vit.csv"
    for start in (b"", b"image,mode,label\n"):
        path.write_bytes(start + content)
        with pytest.raises(DataError, match=r"vit\.csv.*\.$"):
            read_answers(path, 0, PNGS, 10)


@pytest.mark.parametrize("place", ["none.csv", ".", "/dev/zero"])
def test_what_is_no_file_gets_its_sentence(tmp_path, place):
    with pytest.raises(DataError, match="is no file: give a CSV like a file of answers"):
        read_answers(tmp_path / place, 0, PNGS, 10)

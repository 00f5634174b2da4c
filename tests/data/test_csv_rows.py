import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.csv_rows import read_rows
from utils.errors import DataError

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


def rows_of(path, columns=("ImageId",)):
    return list(read_rows(path, columns))


@given(rows=st.lists(st.tuples(TEXT.filter(bool), TEXT), max_size=6), end=st.sampled_from("\r\n"))
@settings(max_examples=100, deadline=None)
def test_what_csv_writes_is_read_back(tmp_path_factory, rows, end):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator=end)
    writer.writerows([("ImageId", "Other"), *rows])
    path.write_bytes(buffer.getvalue().encode())
    expected = [(i, {"ImageId": a, "Other": b}) for i, (a, b) in enumerate(rows, 1)]
    assert rows_of(path) == expected


@given(content=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_rows_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    path.write_bytes(b"ImageId,TrueLabel\n" + content)
    try:
        for number, row in read_rows(path, ("ImageId",)):
            assert number >= 1 and row.keys() == {"ImageId", "TrueLabel"}
    except DataError as error:
        assert str(path) in str(error) and str(error).endswith(".")


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["plain", "bom"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=["lf", "crlf", "cr"])
def test_byte_order_mark_and_line_ends(tmp_path, start, end):
    path = tmp_path / "a.csv"
    path.write_bytes(start + end.join([b"ImageId,TrueLabel", b"a,1", b"", b"b,2"]) + end)
    assert [row["ImageId"] for _, row in rows_of(path)] == ["a", "b"]
    assert [number for number, _ in rows_of(path)] == [1, 2]


HOSTILE = {
    "empty": (b"", "no column ImageId"),
    "blank": (b"\n\n\n", "no column ImageId"),
    "other_separator": (b"ImageId;TrueLabel\na;1\n", "no column ImageId"),
    "column_twice": (b"ImageId,ImageId\na,b\n", "more than one column ImageId"),
    "latin_1": (b"ImageId\n\xe9\n", "not a CSV file in UTF-8"),
    "utf_16": ("ImageId\na\n".encode("utf-16"), "not a CSV file in UTF-8"),
    "binary": (bytes(range(256)) * 10, "not a CSV file in UTF-8"),
    "too_many_fields": (b"ImageId,TrueLabel\na,1,5\n", "row 1 has 3 fields, its header 2"),
    "too_few_fields": (b"ImageId,TrueLabel\na,1\nb\n", "row 2 has 1 fields, its header 2"),
    "quote_without_end": (b'ImageId\n"a\nb\nc\n', "unexpected end of data"),
    "nul": (b"ImageId\na\x00b\n", "it holds a NUL"),
    "endless_header": (b"ImageId," * 20000, "a line of it doesn't end"),
    "endless_row": (b"ImageId\n" + b"a" * 100_000, "a line of it doesn't end"),
    "endless_quote": (b'ImageId\n"' + b"a\n" * 100_000, "field larger than field limit"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_get_their_sentence(tmp_path, name):
    content, words = HOSTILE[name]
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        rows_of(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("place", ["none.csv", ".", "/dev/zero"])
def test_what_is_no_file_gets_its_sentence(tmp_path, place):
    with pytest.raises(DataError, match="is no file"):
        rows_of(tmp_path / place)

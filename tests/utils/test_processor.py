"""What the processor says of itself."""

import pytest

from utils import processor


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("model name\t: Some CPU\nflags\t\t: fpu avx2 avx512f\n", False),
        ("model name\t: Some CPU\nflags\t\t: fpu avx512f avx512_bf16\n", True),
        ("flags\t: fpu amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16\n", True),
        ("Features\t: fp asimd\n", False),
        ("", None),
    ],
)
def test_bfloat16(tmp_path, monkeypatch, text, answer):
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "cpuinfo")
    assert processor.has_bfloat16() is answer


def test_name_cores_and_memory(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("model name\t: Some CPU @ 2 GHz\nmodel name\t: Some CPU\n")
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "cpuinfo")
    assert processor.name() == "Some CPU @ 2 GHz"
    monkeypatch.setattr(processor, "_CPUINFO", tmp_path / "none")
    assert processor.name() and processor.has_bfloat16() is None
    assert processor.cores() >= 1 and processor.memory() > 100

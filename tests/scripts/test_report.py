import base64
import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from scripts import report
from tests.made_up_results import write_run, write_sweep
from utils.analysis.families import load_families
from utils.analysis.summary_rows import summary_rows


class _Reader(HTMLParser):
    void = {"meta", "img", "link", "br", "input"}

    def __init__(self):
        super().__init__()
        self.open, self.links, self.images = [], [], []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.links += [attributes[n] for n in ("href", "src") if n in attributes]
        if tag == "img":
            self.images.append(attributes)
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    write_sweep(folder / "r", methods=("if",), images=20, epsilons=(4, 8, 16))
    file = folder / "report.html"
    options = ["--figures", "equal_l2,success_l2", "--title", "A & B"]
    assert report.main([str(folder / "r"), "-o", str(file), *options]) == 0
    return file.read_text("utf-8"), folder


def test_is_whole_and_needs_nothing_else(page):
    text, _ = page
    reader = _Reader()
    reader.feed(text)
    assert reader.open == []
    assert len(reader.images) == 2
    anchors = [link[1:] for link in reader.links if link.startswith("#")]
    assert anchors and set(anchors) <= set(re.findall(r'id="(\w+)"', text))
    pictures = [link for link in reader.links if not link.startswith("#")]
    assert all(link.startswith("data:image/svg+xml;base64,") for link in pictures)
    assert "url(" not in text and "@import" not in text and "<script" not in text
    for image in reader.images:
        assert image["alt"]
        data = base64.b64decode(image["src"].split(",")[1], validate=True)
        assert b"<svg" in data and b"<script" not in data
        # At its own size, which the page may shrink and never blows up.
        inches = float(re.search(rb'width="([\d.]+)pt"', data)[1]) / 72
        assert int(image["width"]) == round(96 * inches)


def test_holds_the_tables_settings_and_commands(page):
    text, folder = page
    file = folder / "r/imagenet/net_a/if/eps16/transfer.csv"
    rates = pd.read_csv(file).set_index(["victim", "mode"])["success_rate"]
    sign, affine = rates["net_b", "sign"], rates["net_b", "affine"]
    assert sign > affine and f"<td><b>{sign:.1f}</b></td>" in text and f"<td>{affine:.1f}" in text
    assert "gain at equal L2" in text
    assert "python attack.py --method=if" in text
    assert "tensorflow 2.21.0" in text and "--num_iter" in text
    assert "<h1>A &amp; B</h1>" in text and not re.search(r"\$\w", text)


def test_says_the_result_in_words_and_counts_images(page):
    text, folder = page
    header = text.split("<nav")[0]
    (family,) = load_families([folder / "r"])
    rows = summary_rows(family).set_index(["size", "mode", "victim"])
    row = rows.loc[(16.0, "affine", "black-box mean")]
    # With 20 images nothing differs from 0 here.
    verdict = "no difference is shown for" if row["significant"] == 0 else "sign"
    assert verdict in header and f"affine ({row['gain_over_sign']:+.1f})" in header
    assert "At the same epsilon" in header and "At the same mean L2" in header
    success = family.success["if", 16.0]
    more = success["affine", "net_b"] - success["sign", "net_b"]
    counts = f"<td>{(more > 0).sum()}</td><td>{(more < 0).sum()}</td>"
    assert f'<tr><th scope="row">net_b</th>{counts}' in text


def test_names_what_is_not_drawn(tmp_path):
    write_run(tmp_path / "r", images=20)
    file = tmp_path / "page.html"
    options = ["--figures", "success_l2,rates", "-o", str(file)]
    assert report.main([str(tmp_path / "r"), *options]) == 0
    text = file.read_text("utf-8")
    assert "success_l2_if: curves need several epsilons" in text
    assert "nothing can be said at equal L2" in text


def test_flips_are_counted_on_request(tmp_path):
    write_run(tmp_path / "r", images=30, clean_errors=10)
    file = tmp_path / "page.html"
    options = ["--figures", "rates", "--rate", "flip", "-o", str(file)]
    assert report.main([str(tmp_path / "r"), *options]) == 0
    text = file.read_text("utf-8")
    assert "right when clean" in text and "33.3 % of all images" in text


def test_failures_are_one_sentence(tmp_path, capsys):
    assert report.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith("report.py: No finished run")

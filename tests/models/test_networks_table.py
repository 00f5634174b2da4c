"""The README's table of networks is the zoo's."""

from pathlib import Path

from models.table import markdown_table
from models.zoo import NETWORKS

README = Path(__file__).parents[2] / "README.md"


def test_every_network_has_its_line():
    lines = markdown_table().splitlines()
    assert len(lines) == len(NETWORKS) + 2
    assert "| `vgg_16` | VGG | normally | `vgg_16.ckpt` | 224 | 1000 |" in lines
    assert len({line.count("|") for line in lines}) == 1


def test_the_readme_has_the_table():
    text = README.read_text(encoding="utf-8")
    between = text.partition("<!-- networks -->")[2].partition("<!-- /networks -->")[0]
    assert between.strip() == markdown_table()

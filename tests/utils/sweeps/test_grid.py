import pytest

from utils.errors import MethodError, UsageError
from utils.sweeps.grid import read_grid

GRID = """
sources: [demo_inception]
methods: [if, m]
modes: [sign, affine]
epsilons: [8, 16]
"""


def _read(folder, text):
    file = folder / "grid.yaml"
    file.write_text(text)
    return read_grid(file)


def test_cells_are_the_product_with_all_modes_in_each(tmp_path):
    cells = _read(tmp_path, GRID).cells()
    assert [cell.name for cell in cells] == [
        "demo_inception/if/eps8 seed 0",
        "demo_inception/if/eps16 seed 0",
        "demo_inception/m/eps8 seed 0",
        "demo_inception/m/eps16 seed 0",
    ]
    assert {cell.config.modes for cell in cells} == {("sign", "affine")}


def test_sign_epsilons_add_cells_of_sign_alone(tmp_path):
    cells = _read(tmp_path, GRID + "sign_epsilons: [2, 8]\n").cells()
    modes = {cell.config.attack.max_epsilon: cell.config.modes for cell in cells}
    assert modes == {2: ("sign",), 8: ("sign", "affine"), 16: ("sign", "affine")}


def test_seeds_have_folders_of_their_own(tmp_path):
    cells = _read(tmp_path, GRID + "seeds: [3, 4]\nflags: {output_dir: out}\n").cells()
    assert {(c.config.seed, c.config.output_dir) for c in cells} == {
        (3, "out/seed3"),
        (4, "out/seed4"),
    }


def test_flags_reach_every_command_and_defaults_do_not(tmp_path):
    text = GRID + "victims: [demo_resnet]\nflags: {limit: 3, jit_compile: true}\n"
    cell = _read(tmp_path, text).with_flags(output_dir="here", limit=None).cells()[0]
    command = cell.command()
    assert command[1].endswith("attack.py")
    assert set(command[2:]) == {
        "--shared_flags",
        "--method=if",
        "--mode=sign,affine",
        "--source=demo_inception",
        "--victims=demo_resnet",
        "--max_epsilon=8",
        "--limit=3",
        "--jit_compile",
        "--output_dir=here",
    }


@pytest.mark.parametrize(
    ("written", "read"), [('"1,5"', ("1", "5")), ("[1, 5]", ("1", "5")), ("5", ("5",))]
)
def test_snapshots_are_a_list_or_as_on_the_command_line(tmp_path, written, read):
    """Text was cut at every character, and a list of numbers refused."""
    cell = _read(tmp_path, GRID + f"flags: {{snapshots: {written}}}\n").cells()[0]
    assert cell.config.snapshots == read
    assert f"--snapshots={','.join(read)}" in cell.command()


def test_without_sign_there_is_no_sign(tmp_path):
    cell = _read(tmp_path, GRID.replace("sign, ", "")).cells()[0]
    assert cell.config.modes == ("affine",)
    assert "--nocompare_sign" in cell.command()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GRID.replace("methods: [if, m]\n", ""), "methods is missing"),
        (GRID + "epsilon: [1]\n", "'epsilon' is unknown"),
        (GRID.replace("[8, 16]", "[8, sixteen]"), "'sixteen', which is of the wrong kind"),
        (GRID.replace("[8, 16]", "[8, 8]"), "names something twice"),
        (GRID + "flags: {speed: 1}\n", "'speed', which is no flag"),
        (GRID + "flags: {seed: 1}\n", "seed belongs to the grid's own lists"),
        (GRID + "skip_missing: perhaps\n", "skip_missing is true or false"),
        ("- a\n- b\n", "must map"),
        ("a: [", "is no YAML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, sentence):
    with pytest.raises(UsageError, match=sentence):
        _read(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (GRID.replace("[if, m]", "[q]"), "'q' is no letter"),
        (GRID.replace("[8, 16]", "[300]"), "max_epsilon is 300"),
        (GRID + "flags: {limit: many}\n", "value of the wrong kind"),
        (GRID + "flags: {snapshots: [1.5]}\n", "value of the wrong kind"),
        (GRID + "flags: {snapshots: [1, 50]}\n", "no iteration 50"),
    ],
)
def test_what_attack_py_would_refuse_is_refused_at_once(tmp_path, text, sentence):
    with pytest.raises((UsageError, MethodError), match=sentence):
        _read(tmp_path, text).cells()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UsageError, match="nothing.yaml can't be read"):
        read_grid(tmp_path / "nothing.yaml")

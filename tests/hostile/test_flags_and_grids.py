"""Whatever stands in a flag or a grid: a configuration, or one sentence of ours.

HOSTILE_EXAMPLES=20000 tries so many instead of a few hundred.
"""

import os
from dataclasses import fields

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from methods import AttackSettings
from utils.errors import BenchError, UsageError
from utils.pipeline.config import RunConfig
from utils.sweeps.grid import read_grid

EXAMPLES = int(os.environ.get("HOSTILE_EXAMPLES", 300))
FLAGS = sorted({f.name for f in (*fields(RunConfig), *fields(AttackSettings))} - {"attack"})
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, 10**30, 10**400]),
    st.floats(),
    st.sampled_from(
        ["", "if", "sign", "affine", "x", "../x", "NaN", "\0", "a,b", "demo_vgg", "l2"]
    ),
    st.text(max_size=8),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(flags=st.dictionaries(st.sampled_from(FLAGS), VALUES, max_size=5))
@settings(max_examples=EXAMPLES, deadline=None)
def test_any_flags_give_a_configuration_or_a_sentence(flags):
    try:
        config = RunConfig.of_flags(flags)
    except BenchError as error:
        assert error.exit_code == 2 and str(error)
        return
    # What was taken can be asked for by name again, as a resumed run does.
    assert RunConfig.of_flags(config.all_flags()) == config
    config.folder("demo", ("demo_vgg",))


KEYS = ["sources", "methods", "modes", "epsilons", "sign_epsilons", "victims", "seeds", "flags"]


@given(
    grid=st.one_of(
        VALUES,
        st.dictionaries(st.sampled_from([*KEYS, "skip_missing", "x"]), VALUES, max_size=9),
        st.fixed_dictionaries(
            {
                "sources": st.just(["demo_vgg"]),
                "methods": st.lists(SCALARS, min_size=1, max_size=2),
                "modes": st.lists(SCALARS, min_size=1, max_size=2),
                "epsilons": st.lists(SCALARS, min_size=1, max_size=2),
                "flags": st.dictionaries(st.sampled_from(FLAGS), VALUES, max_size=3),
            }
        ),
    )
)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_grid_gives_cells_or_a_sentence(tmp_path, grid):
    file = tmp_path / "grid.yaml"
    file.write_text(yaml.safe_dump(grid), "utf-8")
    try:
        cells = read_grid(file).cells()
    except BenchError as error:
        assert error.exit_code == 2 and len(str(error)) < 3000
        return
    assert cells and all(cell.command() for cell in cells)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "holds a YAML alias"),
        ("[" * 1200 + "]" * 1200, "nested too deeply"),
        ("[" * 60_000, "nested too deeply"),
        ("- " * 30_000, "nested too deeply"),
        ("{a: " * 10_000, "nested too deeply"),
        ("x" * (1 << 21), "is longer than a grid"),
        ("sources: !!python/object/apply:os.system [true]\n", "is no YAML"),
    ],
    ids=lambda value: value[:12],
)
def test_grids_that_are_bombs(tmp_path, text, said):
    file = tmp_path / "grid.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        read_grid(file)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("1" + "0" * 400, "epsilons holds 10+[.]{3}, which is too large"),
        (".inf", "must be a finite number"),
        ("1e-7", "write 1.0e-7[.]"),
        ("16, 16.0", "names something twice"),
        ("2026-01-01", "of the wrong kind"),
    ],
)
def test_numbers_that_are_none(tmp_path, value, said):
    file = tmp_path / "grid.yaml"
    file.write_text(f"sources: demo_vgg\nmethods: if\nmodes: sign\nepsilons: [{value}]\n")
    with pytest.raises(UsageError, match=said):
        read_grid(file).cells()


def test_a_grid_that_is_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", tmp_path, "/dev/zero"):
        with pytest.raises(UsageError, match="is no file"):
            read_grid(place)

"""No source file can load a pickle, in any of the ways that our dependencies offer."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WINGS = ("attack.py", "data", "methods", "models", "utils", "scripts")
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib"}
CALLS = {"read_pickle", "to_pickle", "eval", "exec", "system", "popen", "load_model"}


def offences(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] in MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            yield node.module
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in CALLS:
                yield name
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            yield node.arg


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from joblib import load",
        "np.load(x, allow_pickle=True)",
        "pd.read_pickle(x)",
        "eval(x)",
        "keras.models.load_model(x)",
    ],
)
def test_each_way_is_seen(source):
    assert list(offences(source))


def test_no_source_file_has_one():
    sources = [ROOT / wing for wing in WINGS if wing.endswith(".py")]
    sources += [path for wing in WINGS for path in (ROOT / wing).rglob("*.py")]
    assert len(sources) > 40
    found = {str(path): list(offences(path.read_text())) for path in sources}
    assert {path: names for path, names in found.items() if names} == {}

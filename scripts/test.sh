#!/usr/bin/env bash
# Lints, checks imports and types, and runs the whole test suite. Arguments are passed on to pytest.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_environment "$ROOT/requirements.txt" "$ROOT/requirements-dev.txt"
cd "$ROOT"
export TF_CPP_MIN_LOG_LEVEL=3
"$VENV/bin/ruff" check .
"$VENV/bin/ruff" format --check .
"$VENV/bin/lint-imports"
"$VENV/bin/mypy" methods models data utils
# A file of tests goes to one of three processes: many wait, so that two would leave two cores idle at times.
exec "$VENV/bin/python" -m pytest -n 3 --dist loadfile "$@"

#!/usr/bin/env bash
# Opens the page that shows attacks live, at 127.0.0.1. Flags are passed on to page.py.
#   bash scripts/page.sh [--host 0.0.0.0 --port 8000 --checkpoint_path checkpoints ...]
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_runs
prepare_environment "$ROOT/requirements-page.txt"
cd "$ROOT"
exec "$VENV/bin/python" scripts/page.py "$@"

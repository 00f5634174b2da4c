#!/usr/bin/env bash
# Downloads published ImageNet checkpoints into checkpoints/, where attack.py looks for them.
#   bash scripts/fetch_checkpoints.sh [NAME...] [--checkpoint_path DIR] [--url URL] [--dry_run]
# Without names: all that have a public direct link. Interrupted downloads go on where they stopped.
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
# An environment that is there will do: nothing is trained or attacked here.
[ -x "$VENV/bin/python" ] || prepare_runs
exec "$VENV/bin/python" "$ROOT/scripts/fetch_checkpoints.py" "$@"

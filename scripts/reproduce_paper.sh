#!/usr/bin/env bash
# The paper's tables, untargeted and targeted: all its methods, sign beside the corrected directions,
# epsilon 16, 10 steps, 1000 images, nine victims, with the figures that are public beside ours. Says
# first what is missing, how many GB that is and how long it will take on this machine.
#   bash scripts/reproduce_paper.sh --dry_run            only says it
#   bash scripts/reproduce_paper.sh                      with checkpoints/ and data/imagenet/
#   bash scripts/reproduce_paper.sh --zoo demo           the same tables on the demo zoo
#   bash scripts/reproduce_paper.sh --source mobilenet_v2_1.0_224 --limit 60    with what is there
# It runs scripts/sweep.py on the grids paper.yaml and paper_targeted.yaml of scripts/grids and takes
# its other flags: --methods, --set, --runner, ...
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
prepare_runs
cd "$ROOT"
exec "$VENV/bin/python" scripts/sweep.py --grid scripts/grids/paper.yaml \
    --grid scripts/grids/paper_targeted.yaml --table "$@"

# Sourced by the other scripts: makes .venv at the root, once, and installs what is asked for,
# every package in the version of requirements.lock.
# Usage: prepare_environment REQUIREMENTS_FILE...; afterwards "$VENV/bin/python" is ready.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VENV="$ROOT/.venv"

_find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.10 python}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' \
            >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.10 to 3.13 is needed and none was found: install one, or set PYTHON to it." >&2
    return 1
}

prepare_environment() {
    local python file stamp wanted
    if [ ! -x "$VENV/bin/python" ]; then
        python=$(_find_python) || exit 1
        echo "Making .venv with $("$python" --version)"
        "$python" -m venv "$VENV"
    fi
    for file in "$@"; do
        # The stamp holds what was installed last, so that an unchanged environment costs nothing.
        stamp="$VENV/.installed-$(basename "$file")"
        wanted=$(cat "$file" "$ROOT/requirements.lock")
        if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$wanted" ]; then
            echo "Installing $(basename "$file") into .venv (once; some minutes)"
            "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check \
                -r "$file" -c "$ROOT/requirements.lock"
            printf '%s\n' "$wanted" >"$stamp"
        fi
    done
}

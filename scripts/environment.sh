# Sourced by the other scripts: makes .venv at the root, once, and installs what is asked for,
# every package in the version of requirements.lock.
# Usage: prepare_environment REQUIREMENTS_FILE...; afterwards "$VENV/bin/python" is ready.
#        prepare_runs does it for what a run needs on this machine, with or without a GPU.

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

# Passes on what pip does, a line a package, and leaves out the rest.
_tell_of_packages() {
    local line
    while read -r line; do
        case "$line" in
        "Collecting "*) echo "  finding ${line#Collecting }" ;;
        "Downloading "*) echo "  downloading ${line#Downloading }" ;;
        "Using cached "*) echo "  taking ${line#Using cached } from the cache" ;;
        "Installing collected packages:"*) echo "  unpacking all of them" ;;
        esac
    done
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
            echo "Installing $(basename "$file") into $VENV, in the versions of requirements.lock" \
                "(once; some minutes):"
            "$VENV/bin/python" -m pip install --progress-bar off --disable-pip-version-check \
                -r "$file" -c "$ROOT/requirements.lock" | _tell_of_packages
            [ "${PIPESTATUS[0]}" = 0 ] || exit 1
            echo "Installed $(basename "$file")."
            printf '%s\n' "$wanted" >"$stamp"
        fi
    done
}

# The NVIDIA driver's version; nothing where there is none.
_driver_version() {
    local version
    version=$(nvidia-smi --query-gpu=driver_version --format=csv,noheader 2>/dev/null |
        sed -n '1{/^[0-9]/p}') || true
    [ -n "$version" ] || version=$(sed -n 's/^NVRM .* \([0-9][0-9.]*[0-9]\)  .*/\1/p' \
        /proc/driver/nvidia/version 2>/dev/null) || true
    echo "$version"
}

_platform() {
    uname -sm
}

# Installs TensorFlow with its CUDA libraries where there is an NVIDIA driver, else without them;
# FGNM_DEVICE=cpu or FGNM_DEVICE=gpu decides otherwise. Says which, and why.
prepare_runs() {
    local file=requirements.txt driver what="TensorFlow for the processor" why
    driver=$(_driver_version)
    case "${FGNM_DEVICE:-}" in
    cpu) why="FGNM_DEVICE says cpu" ;;
    gpu) file=requirements-gpu.txt why="FGNM_DEVICE says gpu" ;;
    "")
        why="no NVIDIA driver was found; FGNM_DEVICE=gpu takes the other"
        if [ -n "$driver" ]; then
            file=requirements-gpu.txt
            why="NVIDIA driver $driver was found; FGNM_DEVICE=cpu takes the other"
        fi
        ;;
    *)
        echo "FGNM_DEVICE is '$FGNM_DEVICE'; it must be cpu or gpu, or unset." >&2
        exit 2
        ;;
    esac
    if [ "$file" = requirements-gpu.txt ]; then
        what="TensorFlow with its CUDA libraries"
        if [ "$(_platform)" != "Linux x86_64" ]; then
            if [ -n "${FGNM_DEVICE:-}" ]; then
                echo "FGNM_DEVICE is gpu, but TensorFlow's CUDA libraries are for Linux on x86_64" \
                    "alone, and this is $(_platform): unset it." >&2
                exit 2
            fi
            file=requirements.txt what="TensorFlow for the processor"
            why="its CUDA libraries are for Linux on x86_64 alone, and this is $(_platform)"
        fi
    fi
    echo "$what ($why)."
    prepare_environment "$ROOT/$file"
}

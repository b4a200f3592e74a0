#!/bin/sh
# Installs one thing the Makefile asks for, in this checkout where possible, and says what it does.
# usage: infra/setup.sh venv|dev|node|peers
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

apt_install() {
    if [ "$(id -u)" = 0 ]; then sudo=""; elif command -v sudo >/dev/null; then sudo="sudo"; else
        fail "missing: $*; install them (Debian packages), or run as root"
    fi
    command -v apt-get >/dev/null || fail "missing: $*; install them by your system's package manager"
    say "Debian packages: $*"
    $sudo apt-get update -qq
    # shellcheck disable=SC2086  # "$sudo" may be empty
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

find_python() {
    for name in python3.13 python3.12 python3.11 python3; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "Python 3.11 or newer is needed"
}

case "${1:-}" in
venv)
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
    if [ ! -x .venv/bin/python ]; then
        say "Python environment in .venv ($("$python" --version))"
        "$python" -m venv .venv
    fi
    [ -x .venv/bin/uv ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check uv
    say "Python packages into .venv"
    .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --constraints constraints.txt --editable .
    ;;
dev)
    say "development tools into .venv"
    .venv/bin/uv pip install --quiet --compile-bytecode --python .venv/bin/python --constraints constraints.txt --group dev --group peers
    ;;
node)
    command -v node >/dev/null || fail "Node.js 20 or newer is needed"
    node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || fail "Node.js 20 or newer is needed, found $(node --version)"
    ;;
peers)
    missing=""
    command -v chromium >/dev/null || missing="$missing chromium fonts-dejavu-core"
    command -v ffmpeg >/dev/null || missing="$missing ffmpeg"
    # shellcheck disable=SC2086  # one word per package
    [ -z "$missing" ] || apt_install $missing
    ;;
*)
    fail "usage: infra/setup.sh venv|dev|node|peers"
    ;;
esac

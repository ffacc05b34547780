#!/bin/sh
# Creates the environment and installs the locked requirements and this project into it.
set -eu
venv=$1 python=$2 lock=$3
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "Parley needs Python 3.11 or newer; $("$python" --version) was found. Try: make PYTHON=python3.12 ..." >&2
  exit 1
}
echo "Preparing $venv (once) ..."
if command -v uv >/dev/null 2>&1; then
  [ -x "$venv/bin/python" ] || uv venv --quiet --python "$python" "$venv"
  uv pip install --quiet --python "$venv/bin/python" -r "$lock"
  uv pip install --quiet --python "$venv/bin/python" --no-deps -e .
else
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: -r "$lock"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -e .
fi

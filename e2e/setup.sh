#!/usr/bin/env bash
# Installs what the named suites need, below e2e/ and nowhere else; does nothing the second time.
# Usage: setup.sh [python] [query] [functions] [js]
set -euo pipefail
cd "$(dirname "$0")"

# venv DIR FILE…: a virtual environment with what the first FILE names.
venv() {
	local dir=$1 stamp; shift
	stamp=$(python3 -V; pwd; cat "$@")
	[ "$(cat "$dir/.installed" 2>/dev/null)" = "$stamp" ] && return
	echo "installing $1"
	rm -rf "$dir"
	python3 -m venv "$dir"
	"$dir/bin/pip" install --quiet --disable-pip-version-check -r "$1" ${2:+-c "$2"}
	printf '%s' "$stamp" >"$dir/.installed"
}

# An npm tree with exactly what the lockfile names.
npm_tree() {
	local stamp
	stamp=$(node --version; cat js/package-lock.json)
	[ "$(cat js/node_modules/.installed 2>/dev/null)" = "$stamp" ] && return
	echo "installing js/package-lock.json"
	(cd js && npm ci --silent --no-audit --no-fund)
	printf '%s' "$stamp" >js/node_modules/.installed
}

# What functions of the tests use, in trees of their own: they become layers.
functions() {
	local stamp
	stamp=$(python3 -V; node --version; cat functions/requirements.txt functions/package-lock.json)
	[ "$(cat functions/.python/.installed 2>/dev/null)" = "$stamp" ] && return
	echo "installing functions/"
	rm -rf functions/.python
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --target functions/.python -r functions/requirements.txt
	(cd functions && npm ci --silent --no-audit --no-fund)
	printf '%s' "$stamp" >functions/.python/.installed
}

for suite in "$@"; do
	case $suite in
	python) venv .venv requirements.txt constraints.txt ;;
	query) venv .venv-query requirements-query.txt ;;
	js) npm_tree ;;
	functions) functions ;;
	*) echo "setup.sh: no suite $suite: python, query, functions, js" >&2; exit 2 ;;
	esac
done

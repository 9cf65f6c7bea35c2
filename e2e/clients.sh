#!/usr/bin/env bash
# Real clients of other languages against Brume. Needs Go, Python 3.9 or newer, Node 18 or newer.
# Usage: clients.sh [python] [js] [celery]: all without an argument.
set -euo pipefail
cd "$(dirname "$0")"
for v in ${!AWS_@} ${!BRUME_@}; do unset "$v"; done

step() { printf '\n-- %s\n' "$*"; }
suites=${*:-python js celery}

for need in go python3 node; do
	case "$need $suites" in node*) [[ $suites == *js* ]] || continue ;; esac
	command -v "$need" >/dev/null || { echo "clients.sh: install $need" >&2; exit 1; }
done

step "build"
make -s -C .. build

for suite in $suites; do
	case $suite in
	python)
		step "Python: boto3 of today and of 2023, the AWS CLI, plain sockets"
		./setup.sh python query
		if python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' && command -v node >/dev/null; then ./setup.sh functions; fi
		(cd python && ../.venv/bin/python -m pytest)
		;;
	js)
		step "JavaScript: AWS SDK v3"
		./setup.sh js
		(cd js && node --test --test-reporter=spec)
		;;
	celery)
		step "Celery, while Brume is killed under it"
		./demo.sh
		;;
	*)
		echo "clients.sh: no suite $suite: python, js, celery" >&2
		exit 2
		;;
	esac
done

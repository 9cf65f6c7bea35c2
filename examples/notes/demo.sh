#!/usr/bin/env bash
# Deploys the notes application to a Brume of its own, sends it traffic and leaves it running.
# NOTES=1000 PORT=4600 STAY=0 make demo for more notes, another port, and an end.
set -euo pipefail
cd "$(dirname "$0")"
for tool in python3 npm zip; do
	command -v "$tool" >/dev/null || { echo "demo.sh: install $tool" >&2; exit 1; }
done
for v in ${!AWS_@} ${!BRUME_@}; do unset "$v"; done
../../e2e/setup.sh python
exec ../../e2e/.venv/bin/python demo.py

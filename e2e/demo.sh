#!/usr/bin/env bash
# The main job: a Celery application works while Brume is killed under it, and nothing is lost.
# ORDERS=1000 KILLS=2 make demo for a shorter one.
set -euo pipefail
cd "$(dirname "$0")"
for v in ${!AWS_@} ${!BRUME_@}; do unset "$v"; done
./setup.sh python
exec .venv/bin/python celery/demo.py

#!/usr/bin/env bash
# Fetches botocore's wheel and imports AWS's newest models. The only step that needs the network.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 -m pip download --quiet --no-deps --dest "$dir" botocore
go run ./tools/modelimport -wheel "$dir"/botocore-*.whl
go generate ./...
git status --short models api

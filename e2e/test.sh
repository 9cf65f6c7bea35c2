#!/usr/bin/env bash
# Everything that must pass: formatting, vet, Go tests, the modules of their own, cross-compilation,
# and real clients of other languages. Installs what it needs below e2e/ and nowhere else.
set -euo pipefail
cd "$(dirname "$0")/.."
for v in ${!AWS_@}; do unset "$v"; done # tests set every client option themselves

step() { printf '\n== %s\n' "$*"; }

step "formatting"
unformatted=$(gofmt -l $(git ls-files '*.go'))
[ -z "$unformatted" ] || { echo "gofmt -w these files:"; echo "$unformatted"; exit 1; }

step "vet"
go vet ./...

step "Go tests"
go test ./...

step "race detector, where there is concurrency"
go test -race ./state/... ./front/gateway/... ./front/pace/... ./plane/... ./cloud/... ./service/sqs/...

if [ -f conform/go.mod ]; then
	step "recorded requests and responses of the Go SDK"
	(cd conform && go test ./...)
fi

step "cross-compilation: one static binary"
for target in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64; do
	CGO_ENABLED=0 GOOS=${target%/*} GOARCH=${target#*/} go build -trimpath -o /dev/null ./cmd/brume
	echo "$target builds"
done

step "real clients"
./e2e/clients.sh

# Brume. `make help` lists the targets.
.DEFAULT_GOAL := help
GO ?= go

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/brume, one static binary
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/brume ./cmd/brume

.PHONY: up
up: build ## build and start Brume on localhost:4566
	./bin/brume up

.PHONY: test
test: ## run every test: Go, cross-compilation, and real clients
	./e2e/test.sh

.PHONY: demo
demo: build ## deploy a whole application, send it traffic, and leave it running
	./examples/notes/demo.sh

.PHONY: demo-celery
demo-celery: build ## run a Celery application while Brume is killed under it
	./e2e/demo.sh

.PHONY: bench
bench: build ## measure against a bare net/http handler
	$(GO) run ./bench

.PHONY: generate
generate: ## write api/ from models/
	$(GO) generate ./...

.PHONY: models-update
models-update: ## fetch AWS's newest models from PyPI, and generate
	./models/update.sh

# Every command we run. `make` alone lists them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help

# `dev` builds fastest, `release` runs fastest.
PROFILE ?= dev
# More arguments for `linkpulse up`.
ARGS ?=

SQLX_CLI_VERSION := 0.9.0
CARGO_DENY_VERSION := 0.20.2
CARGO_CYCLONEDX_VERSION := 0.5.9
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
DEV_BIN := $(TARGET_DIR)/debug
RESULTS := $(TARGET_DIR)/test-results
# Where schemathesis is.
API_CHECK := $(abspath $(TARGET_DIR))/api-check

# Statements are checked against .sqlx, so that no build needs a database.
export SQLX_OFFLINE := true
# rustup adds its folder to the next login only.
export PATH := $(HOME)/.cargo/bin:$(PATH)

# What several recipes need. `$(use)` is their first line.
use = @source scripts/functions.sh

.PHONY: help
help:
	@echo 'make TARGET [PROFILE=release]'
	echo
	sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|' 2>/dev/null \
		|| sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1	\2/p' $(MAKEFILE_LIST)

##### Run

.PHONY: up
up: install console build ## Start everything on this machine; Ctrl-C stops it
	@exec $(BIN)/linkpulse up $(ARGS)

.PHONY: check
check: install console build ## Start everything, follow a link, see it counted, stop everything
	@exec $(BIN)/linkpulse up --check $(ARGS)

##### Build

.PHONY: build
build: ## Build all programs (the console must be built before: it is embedded)
	@cargo build --workspace --bins --profile $(PROFILE)

# The lists hold folders too: their times tell of files that are gone.
CONSOLE_FILES := $(shell find console/src console/public) \
	$(addprefix console/,index.html package.json tsconfig.json vite.config.ts)

.PHONY: console
console: console/dist/index.html ## Build the web console, if its sources have changed

console/node_modules/.installed: console/package-lock.json
	$(use)
	say 'Installing what the console is built with'
	cd console
	npm ci --no-audit --no-fund
	touch node_modules/.installed

console/dist/index.html: console/node_modules/.installed $(CONSOLE_FILES)
	$(use)
	say 'Building the console'
	npm --prefix console run build

##### Check

.PHONY: test
test: install install-browser install-strace install-api-check cargo-deny ## Run everything that CI runs
	@DEV_BIN=$(DEV_BIN) RESULTS=$(RESULTS) API_CHECK=$(API_CHECK) scripts/test.sh

.PHONY: lint
lint: console/node_modules/.installed ## Check format and lints
	@cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	npm --prefix console run lint
	npm --prefix console run typecheck

.PHONY: format
format: console/node_modules/.installed ## Format all code
	@cargo fmt --all
	npm --prefix console run format

.PHONY: e2e
e2e: install install-browser console build ## Run the browser test against a system of its own
	$(use)
	forget_servers
	$(BIN)/linkpulse up --run -- npm --prefix console run e2e

.PHONY: api-check
api-check: install install-api-check ## Compare the API with its description, from outside
	$(use)
	forget_servers
	cargo build --workspace --bins
	mkdir -p $(RESULTS)
	API_CHECK=$(API_CHECK) LINKPULSE_DNS_SERVER=127.0.0.1:1 $(DEV_BIN)/linkpulse up --run -- \
		scripts/api-check/run.sh $(abspath $(RESULTS))

.PHONY: supply-chain
supply-chain: install cargo-deny console/node_modules/.installed ## Look for licences, sources and known flaws of what others wrote
	@scripts/supply-chain.sh

# Where `make sbom` writes.
SBOM_DIR ?= $(TARGET_DIR)/sbom

.PHONY: sbom
sbom: cargo-cyclonedx console/node_modules/.installed ## List all that the programs and the console are made of (CycloneDX)
	@SBOM_DIR=$(SBOM_DIR) scripts/sbom.sh

.PHONY: cargo-deny
cargo-deny:
	$(use)
	cargo_tool deny $(CARGO_DENY_VERSION) cargo-deny

.PHONY: cargo-cyclonedx
cargo-cyclonedx:
	$(use)
	cargo_tool cyclonedx $(CARGO_CYCLONEDX_VERSION) cargo-cyclonedx

##### Measure

.PHONY: bench
bench: install ## Measure speed beside nginx, memory, and the whole system under load (release build; needs nginx, valgrind)
	$(use)
	scripts/install-bench.sh
	say 'Building with the release profile'
	cargo build --release -p proxy -p control-plane -p pipeline -p cli -p loadtest
	export PATH="$$PATH:/usr/sbin"
	for benchmark in redirects latency memory instructions recording "edits --date $$(date +%F)" visible outage drain api; do
		say "$$benchmark"
		$(TARGET_DIR)/release/loadtest $$benchmark
	done

# How long `make chaos` goes on.
CHAOS_SECONDS ?= 600

.PHONY: chaos
chaos: install ## Kill, freeze and empty everything under load, then look for every click
	$(use)
	scripts/install-bench.sh
	say 'Building with the release profile'
	cargo build --release -p proxy -p control-plane -p pipeline -p cli -p loadtest
	$(TARGET_DIR)/release/loadtest chaos --seconds $(CHAOS_SECONDS)

# How long `make fuzz` looks.
FUZZ_SECONDS ?= 600

.PHONY: fuzz
fuzz: ## Look for requests that two readers understand in two ways (nightly Rust, cargo-fuzz)
	$(use)
	cargo +nightly --version > /dev/null 2>&1 || sorry 'needs nightly Rust: rustup toolchain install nightly'
	has cargo-fuzz || sorry 'needs cargo-fuzz: cargo install cargo-fuzz --locked'
	mkdir -p fuzz/corpus/head
	# The versions that are shipped.
	cp Cargo.lock fuzz/
	cargo +nightly fuzz run --sanitizer none head fuzz/corpus/head fuzz/seeds/head -- \
		-max_total_time=$(FUZZ_SECONDS) -max_len=4096

##### Generated files

# A statement that .sqlx does not know cannot be built, so the program of an earlier build does.
.PHONY: generate
generate: install sqlx-cli console/node_modules/.installed ## Make the generated files anew: .sqlx, docs, the console's API types
	$(use)
	forget_servers
	say 'Checking statements against the migrations'
	cargo build -p cli || { [ -x $(DEV_BIN)/linkpulse ] && echo '  … so the program of an earlier build does this.'; }
	$(DEV_BIN)/linkpulse with-servers -- env -u SQLX_OFFLINE \
		cargo sqlx prepare --workspace -- --all-targets
	say 'Writing documents'
	cargo build -p cli
	mkdir -p docs/api
	$(DEV_BIN)/linkpulse openapi > docs/api/openapi.json.new
	mv docs/api/openapi.json.new docs/api/openapi.json
	$(DEV_BIN)/linkpulse settings > docs/configuration.md.new
	mv docs/configuration.md.new docs/configuration.md
	npm --prefix console run generate

.PHONY: generate-check
generate-check: sqlx-cli console/node_modules/.installed ## Fail when a generated file is stale
	$(use)
	forget_servers
	cargo build -p cli
	stale=()
	$(DEV_BIN)/linkpulse openapi | diff -u docs/api/openapi.json - || stale+=(docs/api/openapi.json)
	$(DEV_BIN)/linkpulse settings | diff -u docs/configuration.md - || stale+=(docs/configuration.md)
	npm --prefix console run generate:check || stale+=(console/src/api/schema.gen.ts)
	$(DEV_BIN)/linkpulse with-servers -- env -u SQLX_OFFLINE \
		cargo sqlx prepare --workspace --check -- --all-targets || stale+=(.sqlx)
	[ "$${#stale[@]}" = 0 ] || sorry "stale: $${stale[*]}: run \`make generate\`"

.PHONY: sqlx-cli
sqlx-cli:
	$(use)
	cargo_tool sqlx $(SQLX_CLI_VERSION) sqlx-cli --no-default-features --features postgres,rustls

##### This machine

.PHONY: install
install: ## Install what is missing: PostgreSQL, Redis, compilers (Debian, Ubuntu)
	@scripts/install.sh

.PHONY: install-browser
install-browser:
	$(use)
	for browser in "$${LINKPULSE_CHROMIUM:-}" /usr/bin/{chromium,chromium-browser,google-chrome}; do
		if [ -x "$$browser" ]; then exit 0; fi
	done
	if has apt-get && grep -q '^ID=debian' /etc/os-release; then
		apt_install chromium
	else
		sorry 'the browser test needs Chromium or Chrome: install one, and name it in LINKPULSE_CHROMIUM'
	fi

# Without it some tests of what happens when the disk or an answer is slow only say that it is missing.
.PHONY: install-strace
install-strace:
	$(use)
	if ! has strace && has apt-get; then apt_install strace; fi

.PHONY: install-api-check
install-api-check:
	@API_CHECK=$(API_CHECK) scripts/install-api-check.sh

.PHONY: clean
clean: ## Remove what was built; the data in .linkpulse stays
	@cargo clean
	rm -rf console/dist console/node_modules console/test-results

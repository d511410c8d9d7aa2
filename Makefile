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
BEGUN := $(shell date +%s)
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
DEV_BIN := $(TARGET_DIR)/debug
RESULTS := $(TARGET_DIR)/test-results

# Statements are checked against .sqlx, so that no build needs a database.
export SQLX_OFFLINE := true
# rustup adds its folder to the next login only.
export PATH := $(HOME)/.cargo/bin:$(PATH)

# What several recipes need. `$(use)` is their first line.
define use
@say() { if [ -t 1 ]; then printf '\n\033[1m▸ %s\033[0m\n' "$$1"; else printf '\n▸ %s\n' "$$1"; fi; }
sorry() { printf 'linkpulse: %s\n' "$$*" >&2; exit 1; }
has() { command -v "$$1" >/dev/null 2>&1; }
at_least() { [ "$$(printf '%s\n' "$$1" "$$2" | sort -V | head -n 1)" = "$$1" ]; }
apt_install() {
	local sudo=()
	if [ "$$(id -u)" != 0 ]; then
		has sudo || sorry "run this as root: apt-get update && apt-get install $$*"
		sudo=(sudo)
	fi
	say "Installing $$*"
	"$${sudo[@]}" apt-get -o DPkg::Lock::Timeout=300 update -qq
	"$${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$$@"
}
# Tests bring their own servers.
forget_servers() {
	unset DATABASE_URL DATABASE_URL_FILE ANALYTICS_DATABASE_URL ANALYTICS_DATABASE_URL_FILE
	unset REDIS_URL REDIS_URL_FILE
}
endef

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
test: install install-browser ## Run everything that CI runs
	$(use)
	forget_servers
	rm -rf $(RESULTS)
	mkdir -p $(RESULTS)
	results=$$(realpath $(RESULTS))
	troubles=()
	step() {
		local title=$$1 begun=$$SECONDS
		shift
		say "$$title"
		if "$$@"; then
			echo "  $$title: ok, $$((SECONDS - begun)) s"
		else
			echo "✗ $$title: FAILED, $$((SECONDS - begun)) s"
			troubles+=("$$title")
		fi
	}
	# Counts of a run of tests: the tool's own, but a run that failed is never "0 failed".
	passed=0 failed=0 counted=()
	count() {
		local title=$$1 ok=$${2:-0} bad=$${3:-0} trouble
		for trouble in "$${troubles[@]}"; do
			if [ "$$trouble" = "$$title" ] && [ "$$bad" = 0 ]; then bad=1; fi
		done
		printf '  %-24s %5d passed, %d failed\n' "$$title" "$$ok" "$$bad"
		passed=$$((passed + ok)) failed=$$((failed + bad))
		counted+=("$$title")
	}
	rust_tests() {
		cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$$results/rust.txt"
	}
	console_tests() {
		npm --prefix console test -- \
			--reporter=default --reporter=json --outputFile.json="$$results/console.json"
	}
	browser_tests() {
		PLAYWRIGHT_JSON_OUTPUT_FILE="$$results/browser.json" $(DEV_BIN)/linkpulse up --run -- \
			npm --prefix console run e2e -- --reporter=list,json
	}
	field() {
		node -p "$$2" "$$results/$$1" 2>/dev/null || true
	}

	step 'Console build' $(MAKE) console
	step 'Format' cargo fmt --all --check
	step 'Clippy' cargo clippy --workspace --all-targets --locked -- -D warnings
	step 'Build' cargo build --workspace --locked
	step 'Rust tests' rust_tests
	step 'Generated files' $(MAKE) generate-check
	step 'Console lint' npm --prefix console run lint
	step 'Console types' npm --prefix console run typecheck
	step 'Console tests' console_tests
	step 'Browser tests' browser_tests

	say 'Summary'
	awk '/^ +(Running|Doc-tests)/ { heading = $$0 }
		/^test .* FAILED$$/ { failed = failed $$0 "\n" }
		/^test result:/ {
			if (!/ok\. 0 passed/) printf "%s\n%s%s\n", heading, failed, $$0
			failed = ""
		}' "$$results/rust.txt" || true
	echo
	read -r ok bad < <(awk '/^test result:/ {
		for (i = 2; i <= NF; i++) { if ($$i == "passed;") ok += $$(i - 1); if ($$i == "failed;") bad += $$(i - 1) }
	} END { print ok + 0, bad + 0 }' "$$results/rust.txt")
	count 'Rust tests' "$$ok" "$$bad"
	json='JSON.parse(require("fs").readFileSync(process.argv[1]))'
	count 'Console tests' "$$(field console.json "$$json.numPassedTests")" "$$(field console.json "$$json.numFailedTests")"
	count 'Browser tests' "$$(field browser.json "(s => s.expected + s.flaky)($$json.stats)")" "$$(field browser.json "$$json.stats.unexpected")"
	for trouble in "$${troubles[@]}"; do
		case " $${counted[*]} " in
			*" $$trouble "*) ;;
			*) printf '  %-24s failed\n' "$$trouble"; failed=$$((failed + 1)) ;;
		esac
	done
	seconds=$$(($$(date +%s) - $(BEGUN)))
	printf '  %-24s %5d min %d s\n\n' 'Time' $$((seconds / 60)) $$((seconds % 60))
	echo "$$passed passed, $$failed failed"
	[ "$$failed" = 0 ]

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
	case "$$(cargo sqlx --version 2>/dev/null)" in
		*$(SQLX_CLI_VERSION)*) ;;
		*)
			say 'Installing sqlx-cli $(SQLX_CLI_VERSION)'
			cargo install sqlx-cli --version $(SQLX_CLI_VERSION) \
				--no-default-features --features postgres,rustls --locked --debug ;;
	esac

##### This machine

.PHONY: install
install: ## Install what is missing: PostgreSQL, Redis, compilers (Debian, Ubuntu)
	$(use)
	rust=$$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
	oldest=$$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
	has cargo || sorry "cargo is missing: install Rust $$rust with rustup (https://rustup.rs), then run make again"
	found=$$(cargo --version | cut -d ' ' -f 2)
	at_least "$$oldest" "$$found" || sorry "Rust $$rust is needed, and this is $$found: install it with rustup (https://rustup.rs)"
	wanted=$$(sed -n 's/.*"node": ">=\(.*\)".*/\1/p' console/package.json)
	has node && has npm || sorry "Node.js is missing: install version $$wanted or newer with npm (https://nodejs.org), then run make again"
	found=$$(node -p process.versions.node)
	at_least "$$wanted" "$$found" || sorry "Node.js $$wanted or newer is needed, and this is $$found (https://nodejs.org)"

	has_postgres() {
		has postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null \
			|| { has pg_config && [ -x "$$(pg_config --bindir)/postgres" ]; }
	}
	missing=()
	has_postgres || missing+=(postgresql)
	has redis-server || missing+=(redis-server)
	has cmake || missing+=(cmake)
	{ has cc && has c++; } || missing+=(g++ libc6-dev)
	has pkg-config || missing+=(pkg-config)
	if [ "$${#missing[@]}" = 0 ]; then exit 0; fi
	has apt-get || sorry "please install the servers of PostgreSQL (14 or newer) and Redis (7 or newer), cmake, a C++ compiler and pkg-config; missing here (Debian's names): $${missing[*]}"
	apt_install "$${missing[@]}"
	# We start our own; those of the packages would only take memory and ports.
	if [ -d /run/systemd/system ]; then
		for service in postgresql redis-server; do
			case " $${missing[*]} " in
				*" $$service "*) $$([ "$$(id -u)" = 0 ] || echo sudo) systemctl disable --now "$$service" ;;
			esac
		done
	fi

# Where Debian's package is not to be had (Ubuntu's is a snap), Playwright brings its own browser.
.PHONY: install-browser
install-browser: console/node_modules/.installed
	$(use)
	for browser in "$${LINKPULSE_CHROMIUM:-}" /usr/bin/{chromium,chromium-browser,google-chrome}; do
		if [ -x "$$browser" ]; then exit 0; fi
	done
	if has apt-get && grep -q '^ID=debian' /etc/os-release; then
		apt_install chromium
	else
		say 'Installing a browser for the tests'
		cd console
		npx playwright install $$(has apt-get && echo --with-deps) chromium
	fi

.PHONY: clean
clean: ## Remove what was built; the data in .linkpulse stays
	@cargo clean
	rm -rf console/dist console/node_modules console/test-results

#!/usr/bin/env bash
# Installs what is missing to build and run everything (Debian, Ubuntu); says what is missing where
# it cannot. Changes nothing where all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/functions.sh

rust=$(sed -n 's/^channel = "\(.*\)"/\1/p' rust-toolchain.toml)
oldest=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
has cargo || sorry "cargo is missing: install Rust $rust with rustup (https://rustup.rs), then run make again"
found=$(cargo --version | cut -d ' ' -f 2)
at_least "$oldest" "$found" || sorry "Rust $rust is needed, and this is $found: install it with rustup (https://rustup.rs)"
wanted=$(sed -n 's/.*"node": ">=\(.*\)".*/\1/p' console/package.json)
has node && has npm || sorry "Node.js is missing: install version $wanted or newer with npm (https://nodejs.org), then run make again"
found=$(node -p process.versions.node)
at_least "$wanted" "$found" || sorry "Node.js $wanted or newer is needed, and this is $found (https://nodejs.org)"

has_postgres() {
	has postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null \
		|| { has pg_config && [ -x "$(pg_config --bindir)/postgres" ]; }
}
missing=()
has_postgres || missing+=(postgresql)
has redis-server || missing+=(redis-server)
has cmake || missing+=(cmake)
{ has cc && has c++; } || missing+=(g++ libc6-dev)
has pkg-config || missing+=(pkg-config)
if [ "${#missing[@]}" = 0 ]; then exit 0; fi
has apt-get || sorry "please install the servers of PostgreSQL (14 or newer) and Redis (7 or newer), cmake, a C++ compiler and pkg-config; missing here (Debian's names): ${missing[*]}"
apt_install "${missing[@]}"
# We start our own; those of the packages would only take memory and ports.
if [ -d /run/systemd/system ]; then
	for service in postgresql redis-server; do
		case " ${missing[*]} " in
			*" $service "*) $([ "$(id -u)" = 0 ] || echo sudo) systemctl disable --now "$service" ;;
		esac
	done
fi

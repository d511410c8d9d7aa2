#!/usr/bin/env bash
# Looks at everything that others wrote and that becomes part of the programs: under which licence, from where,
# and what is known against it. Shows first that an advisory would be noticed, by one that is made up.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/functions.sh

# Where cargo-deny has advisories from.
DATABASE=https://github.com/RustSec/advisory-db
# A crate that each request passes through. What is made up is about the version that we have.
CRATE=httparse

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
troubles=0

deny() { cargo deny --locked --log-level error "$@"; }

# Asks a database of our own, which stands in for the real one.
deny_with() {
	local database=$1
	sed "/^\[advisories\]/a db-path = \"$database.copies\"" deny.toml > "$work/deny.toml"
	GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=url.file://$database.insteadOf GIT_CONFIG_VALUE_0=$DATABASE \
		deny --config "$work/deny.toml" check advisories
}

# A database with an advisory against these versions of the crate.
database_against() {
	local version=$1 database=$2
	mkdir -p "$database/crates/$CRATE"
	cat > "$database/crates/$CRATE/RUSTSEC-0000-0001.md" <<-END
		\`\`\`toml
		[advisory]
		id = "RUSTSEC-0000-0001"
		package = "$CRATE"
		date = "2026-12-01"
		[versions]
		patched = ["> $version"]
		\`\`\`

		# Made up, to see whether anybody notices
	END
	git -C "$database" init --quiet --initial-branch=main
	git -C "$database" add .
	git -C "$database" -c user.name=test -c user.email=test@example.com -c commit.gpgsign=false \
		commit --quiet --message test
}

say 'Is an advisory noticed?'
version=$(awk -v crate="$CRATE" '$1 == "name" && $3 == "\"" crate "\"" { getline; gsub("\"", "", $3); print $3 }' Cargo.lock)
[ -n "$version" ] || sorry "$CRATE is not in Cargo.lock any more: choose another crate"
database_against "$version" "$work/against"
database_against 0.0.1 "$work/harmless"
if ! deny_with "$work/harmless"; then
	echo '✗ refused, with nothing against us'
	troubles=1
fi
if deny_with "$work/against" > "$work/said" 2>&1; then
	echo "✗ an advisory against $CRATE $version was not noticed"
	troubles=1
elif grep -q 'error\[vulnerability\]' "$work/said" && grep -q RUSTSEC-0000-0001 "$work/said"; then
	echo "An advisory against $CRATE $version is noticed, and refused."
else
	cat "$work/said"
	troubles=1
fi

say 'Licences, bans, sources'
deny check bans licenses sources || troubles=1

say 'Advisories against Rust crates'
if timeout 60 git ls-remote --exit-code --quiet "$DATABASE" HEAD > /dev/null 2>&1; then
	deny check advisories || troubles=1
else
	echo "Not looked for: $DATABASE cannot be reached from here."
fi

say 'Advisories against packages of the console'
# What only builds it is not shipped, but runs here.
npm --prefix console audit --json > "$work/audit.json" 2> /dev/null || true
case $(node -p 'const r = JSON.parse(require("fs").readFileSync(process.argv[1]));
	r.metadata ? r.metadata.vulnerabilities.total : "unknown"' "$work/audit.json") in
	unknown) echo 'Not looked for: the registry cannot be asked from here.' ;;
	0) echo 'advisories ok' ;;
	*)
		npm --prefix console audit || true
		troubles=1
		;;
esac
exit $troubles

#!/usr/bin/env bash
# Writes what each program and the console are made of into SBOM_DIR, as CycloneDX: one file for each.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/functions.sh

mkdir -p "$SBOM_DIR"
say 'Programs'
# It writes next to each Cargo.toml.
trap 'find . -name "*.cdx.json" -not -path "./target/*" -not -path "*/node_modules/*" -delete' EXIT
cargo cyclonedx --quiet --format json --spec-version 1.5 --describe binaries
for program in linkpulse linkpulse-control-plane linkpulse-pipeline linkpulse-proxy; do
	mv -- */"${program}_bin.cdx.json" "$SBOM_DIR/$program.cdx.json"
done
say 'Console'
npm --prefix console sbom --sbom-format cyclonedx --omit dev > "$SBOM_DIR/console.cdx.json"
for file in "$SBOM_DIR"/*.cdx.json; do
	printf '  %4d components in %s\n' "$(node -p 'JSON.parse(require("fs").readFileSync(process.argv[1])).components.length' "$file")" "$file"
done

#!/usr/bin/env bash
# Compares the API of a running system with its description, from outside. `linkpulse up --run` runs
# this and says where the system is. API_CHECK: where schemathesis is. $1: where the results go.
set -euo pipefail
results=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")"
# Nothing is kept here from run to run.
export HYPOTHESIS_STORAGE_DIRECTORY=$results/hypothesis PYTHONDONTWRITEBYTECODE=1
exec timeout --foreground 300 "$API_CHECK/bin/schemathesis" --config-file schemathesis.toml \
	run "${LINKPULSE_E2E_URL%/}/api/v1/openapi.json" \
	--report json --report-json-path "$results/api.json" "${@:2}"

#!/usr/bin/env bash
# Everything that CI runs, step by step. Goes on after a failed step and counts at the end.
# DEV_BIN: where the programs are. RESULTS: where the results go. API_CHECK: where schemathesis is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/functions.sh

forget_servers
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
results=$(realpath "$RESULTS")
troubles=()
step() {
	local title=$1 begun=$SECONDS
	shift
	say "$title"
	if "$@"; then
		echo "  $title: ok, $((SECONDS - begun)) s"
	else
		echo "✗ $title: FAILED, $((SECONDS - begun)) s"
		troubles+=("$title")
	fi
}
# Counts of a run of tests: the tool's own, but a run that failed is never "0 failed".
passed=0 failed=0 counted=()
count() {
	local title=$1 ok=${2:-0} bad=${3:-0} trouble
	for trouble in "${troubles[@]}"; do
		if [ "$trouble" = "$title" ] && [ "$bad" = 0 ]; then bad=1; fi
	done
	printf '  %-28s %5d passed, %d failed\n' "$title" "$ok" "$bad"
	passed=$((passed + ok)) failed=$((failed + bad))
	counted+=("$title")
}
rust_tests() {
	local outcome=0
	cargo test --workspace --locked --no-fail-fast 2>&1 | tee "$results/rust.txt" || outcome=1
	# Every interleaving of the threads that meet at a record.
	cargo test -p spool --features loom --test loom --locked 2>&1 | tee -a "$results/rust.txt" || outcome=1
	return $outcome
}
console_tests() {
	npm --prefix console test -- \
		--reporter=default --reporter=json --outputFile.json="$results/console.json"
}
# No name server: what the tests make up is looked up nowhere, and webhooks go nowhere.
api_check() {
	LINKPULSE_DNS_SERVER=127.0.0.1:1 "$DEV_BIN"/linkpulse up --run -- scripts/api-check/run.sh "$results"
}
browser_tests() {
	PLAYWRIGHT_JSON_OUTPUT_FILE="$results/browser.json" "$DEV_BIN"/linkpulse up --run -- \
		npm --prefix console run e2e -- --reporter=list,json
}
field() {
	node -p "$2" "$results/$1" 2>/dev/null || true
}

step 'Console build' make console
step 'Format' cargo fmt --all --check
step 'Clippy' cargo clippy --workspace --all-targets --locked -- -D warnings
step 'Build' cargo build --workspace --locked
step 'Rust tests' rust_tests
step 'Generated files' make generate-check
step 'Supply chain' scripts/supply-chain.sh
step 'Console lint' npm --prefix console run lint
step 'Console types' npm --prefix console run typecheck
step 'Console tests' console_tests
step 'API against its description' api_check
step 'Browser tests' browser_tests

say 'Summary'
awk '/^ +(Running|Doc-tests)/ { heading = $0 }
	/^test .* FAILED$/ { failed = failed $0 "\n" }
	/^test result:/ {
		if (!/ok\. 0 passed/) printf "%s\n%s%s\n", heading, failed, $0
		failed = ""
	}' "$results/rust.txt" || true
echo
read -r ok bad < <(awk '/^test result:/ {
	for (i = 2; i <= NF; i++) { if ($i == "passed;") ok += $(i - 1); if ($i == "failed;") bad += $(i - 1) }
} END { print ok + 0, bad + 0 }' "$results/rust.txt")
count 'Rust tests' "$ok" "$bad"
json='JSON.parse(require("fs").readFileSync(process.argv[1]))'
count 'Console tests' "$(field console.json "$json.numPassedTests")" "$(field console.json "$json.numFailedTests")"
wrong='new Set(r.failures.flatMap(f => f.operations)).size'
count 'API against its description' "$(field api.json "(r => r.operations.tested - $wrong)($json)")" \
	"$(field api.json "(r => $wrong + r.errors.length)($json)")"
count 'Browser tests' "$(field browser.json "(s => s.expected + s.flaky)($json.stats)")" "$(field browser.json "$json.stats.unexpected")"
for trouble in "${troubles[@]}"; do
	case " ${counted[*]} " in
		*" $trouble "*) ;;
		*) printf '  %-28s failed\n' "$trouble"; failed=$((failed + 1)) ;;
	esac
done
seconds=$SECONDS
printf '  %-28s %5d min %d s\n\n' 'Time' $((seconds / 60)) $((seconds % 60))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]

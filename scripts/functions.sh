# shellcheck shell=bash
# What the Makefile's recipes and the scripts beside this file share. To be sourced.

say() { if [ -t 1 ]; then printf '\n\033[1m▸ %s\033[0m\n' "$1"; else printf '\n▸ %s\n' "$1"; fi; }
sorry() { printf 'linkpulse: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }
at_least() { [ "$(printf '%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }
apt_install() {
	local sudo=()
	if [ "$(id -u)" != 0 ]; then
		has sudo || sorry "run this as root: apt-get update && apt-get install $*"
		sudo=(sudo)
	fi
	say "Installing $*"
	"${sudo[@]}" apt-get -o DPkg::Lock::Timeout=300 update -qq
	"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}
# cargo_tool COMMAND VERSION CRATE [ARGUMENTS]: installs what `cargo COMMAND` is, unless it is there.
cargo_tool() {
	local command=$1 version=$2 crate=$3
	shift 3
	case "$(cargo "$command" --version 2>/dev/null)" in
		*"$version"*) ;;
		*)
			say "Installing $crate $version"
			cargo install "$crate" --version "$version" "$@" --locked --debug ;;
	esac
}
# Tests bring their own servers.
forget_servers() {
	unset DATABASE_URL DATABASE_URL_FILE ANALYTICS_DATABASE_URL ANALYTICS_DATABASE_URL_FILE
	unset REDIS_URL REDIS_URL_FILE
}

#!/usr/bin/env bash
# Installs what is missing to measure: nginx, which the proxy is compared with, valgrind, which counts
# instructions, and strace, which slows a disk down (Debian, Ubuntu). Changes nothing where all is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/functions.sh

missing=()
# Debian has it where only root's PATH leads.
has nginx || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
{ has valgrind && has callgrind_control; } || missing+=(valgrind)
has strace || missing+=(strace)
if [ "${#missing[@]}" = 0 ]; then exit 0; fi
has apt-get || sorry "please install nginx, valgrind and strace; missing here (Debian's names): ${missing[*]}"
apt_install "${missing[@]}"
# We start our own; that of the package would only take port 80.
if [ -d /run/systemd/system ]; then
	case " ${missing[*]} " in
		*' nginx-light '*) $([ "$(id -u)" = 0 ] || echo sudo) systemctl disable --now nginx ;;
	esac
fi

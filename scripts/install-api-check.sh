#!/usr/bin/env bash
# Installs schemathesis, which compares the API with its description, into a folder of its own
# (API_CHECK). Changes nothing where it is there.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/functions.sh

wanted=scripts/api-check/requirements.txt
installed=$API_CHECK/.installed
if [ -x "$API_CHECK/bin/schemathesis" ] && cmp -s "$wanted" "$installed"; then exit 0; fi

can_install() { python3 -c 'import ensurepip, venv' 2>/dev/null; }
if ! can_install; then
	has apt-get || sorry 'please install Python 3.10 or newer, with venv'
	apt_install python3-venv
fi
can_install || sorry 'python3 cannot make a folder of its own (venv)'
found=$(python3 -c 'import platform; print(platform.python_version())')
at_least 3.10 "$found" || sorry "Python 3.10 or newer is needed, and this is $found"
say 'Installing schemathesis'
python3 -m venv --clear "$API_CHECK"
"$API_CHECK/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted"
cp "$wanted" "$installed"

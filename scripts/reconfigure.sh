#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# reconfigure.sh BUILD: tells Meson when source files were added or removed since the last build.
set -eu
cd "$(dirname "$0")/.."
now=$(find src cli tests examples \( -name '*.c' -o -name 'test_*.py' -o -name 'test_*.sh' -o -name meson.build \) | LC_ALL=C sort)
if [ ! -f "$1/.sources" ] || [ "$now" != "$(cat "$1/.sources")" ]; then
	[ ! -f "$1/.sources" ] || meson setup --reconfigure "$1" >/dev/null
	printf '%s\n' "$now" >"$1/.sources"
fi

#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# sources.sh DIR PATTERN [DEPTH]: the files that match PATTERN DEPTH levels below DIR (2: DIR/*/PATTERN),
# one a line, relative to DIR.
set -eu
cd "$(dirname "$0")/../$1"
find . -mindepth "${3:-2}" -maxdepth "${3:-2}" -name "$2" | sed 's|^\./||' | LC_ALL=C sort

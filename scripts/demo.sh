#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# demo.sh BUILD: runs the example programs on real processes, then shows two that are rejected.
set -eu
cd "$(dirname "$0")/.."
exec examples/demo.sh "$1"

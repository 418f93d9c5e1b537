#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# test_parity.sh: the tests name only rules and scenarios that exist, and statements only tests that exist.
exec "$(dirname "$0")/../../scripts/parity.py" --missing

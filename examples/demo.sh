#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# demo.sh BUILD: the example programs on real processes and real directories, then two programs that
# are rejected. Status 0: everything went as it should.
set -u
cd "$(dirname "$0")/.."
kfunc=$1/kfunc
failed=0
bold='' plain=''
if [ -t 1 ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
out=$(mktemp)
trap 'rm -f "$out"' EXIT

title() { printf '\n%s== %s%s\n' "$bold" "$1" "$plain"; }

wrong() {
	printf 'demo: WRONG: %s\n' "$1"
	failed=$((failed + 1))
}

# expect STATUS PATTERN...: the last run's status, and lines that its output must have
expect() {
	[ "$status" = "$1" ] || wrong "status $status, expected $1"
	shift
	for pattern; do
		grep -qE -e "$pattern" "$out" || wrong "no line matches: $pattern"
	done
}

# run ARGS...: shows and runs a kfunc command
run() {
	printf '%s$ kfunc %s%s\n' "$bold" "$*" "$plain"
	"$kfunc" "$@" >"$out" 2>&1
	status=$?
	cat "$out"
}

title 'acquire and release every task of a pipeline'
run run examples/task_acquire.bpf.c -- /bin/sh -c 'ls examples | wc -l'
expect 0 '^process [0-9]+ was started by kfunc' '^process [0-9]+ was started by sh'

title 'find tasks by their ids'
run run examples/task_from_pid.bpf.c -- /bin/sh -c '(true); exit 0'
expect 0 '^[0-9]+: found the same object, child of [0-9]+ \(sh\)'

title 'a task in a global variable, read under RCU'
run run examples/task_global.bpf.c -- /bin/sh -c '(true); (true)'
expect 0 '^[0-9]+ is the first' '^[0-9]+ comes after [0-9]+, which is called'

# control groups where they can be made, else a directory that stands in for them
groups=$(awk '$0 ~ / - cgroup2 / {print $5; exit}' /proc/self/mountinfo)
top=$groups/kfunc-demo-$$
if [ -z "$groups" ] || ! mkdir "$top" 2>/dev/null; then
	groups=$(mktemp -d)
	top=$groups/demo
	mkdir "$top"
fi
trap 'rm -f "$out"; find "$top" -depth -type d -exec rmdir {} \; 2>/dev/null' EXIT

title 'the ancestors of a new control group'
run run examples/cgroup_ancestor.bpf.c --cgroup "$groups" -- mkdir -p "$top/one/two"
expect 0 '^new group .*/one/two: id [0-9]+, level 3' '^  parent: id [0-9]+' '^  level 0: id [0-9]+'

title 'control groups in a map'
run run examples/cgroup_kptr.bpf.c --cgroup "$groups" -- \
	/bin/sh -c "mkdir $top/a $top/a/b && sleep 0.1 && rmdir $top/a/b"
expect 0 '^group [0-9]+: stored' 'parent by bpf_cgroup_kptr_get\(\): [0-9]+' \
	'parent by load and acquire: +[0-9]+' '^group [0-9]+: taken out at level 3' \
	'bpf_cgroup_kptr_get.*deprecated'

title 'rejected: a leak'
run run examples/rejected_leak.bpf.c -- true
expect 1 'KF0412' 'rejected_leak.bpf.c' 'bpf_task_acquire\(task\)'

title 'rejected: no NULL check'
run run examples/rejected_no_check.bpf.c -- true
expect 1 'KF0303' 'found->tgid'

echo
if [ "$failed" -gt 0 ]; then
	echo "demo: $failed expectations were not met"
	exit 1
fi
echo 'demo: everything as expected'

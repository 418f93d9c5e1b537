# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The short way in; Meson and Ninja do the work. Every target sets up what it needs by itself.

BUILD	?= build
PREFIX	?= /usr/local
JOBS	?= $(shell nproc)
CORPUS	?= corpus
KERNEL	?= /sys/kernel/btf/vmlinux
OUT	?= $(BUILD)/conformance.json

all: $(BUILD)/build.ninja
	@scripts/reconfigure.sh $(BUILD)
	@ninja -C $(BUILD) -j $(JOBS)

$(BUILD)/build.ninja: | setup
	@meson setup $(BUILD) $(MESON_FLAGS)

setup:
	@scripts/setup.sh

demo: all
	@scripts/demo.sh $(BUILD)

check: all
	@scripts/check.sh $(BUILD) $(JOBS)

# tests get five times their time
san:
	@TEST_TIMES=$(or $(TEST_TIMES),5) $(MAKE) --no-print-directory check BUILD=$(BUILD)-san \
		MESON_FLAGS="-Db_sanitize=address,undefined -Db_lundef=false"

tsan:
	@TEST_TIMES=$(or $(TEST_TIMES),5) $(MAKE) --no-print-directory check BUILD=$(BUILD)-tsan \
		MESON_FLAGS="-Db_sanitize=thread -Db_lundef=false"

fmt:
	@scripts/setup.sh fmt
	@scripts/fmt.sh

install: all
	@meson configure $(BUILD) -Dprefix=$(PREFIX)
	@meson install -C $(BUILD)

corpus:
	@scripts/build-corpus.sh $(CORPUS)

# every figure, also into docs/parity.md; the running kernel is asked too where it may be
conformance: all
	@ninja -C $(BUILD) tests/kernel_corpus >/dev/null
	@scripts/conformance.py --kfunc $(BUILD)/kfunc --corpus $(CORPUS) --kernel $(KERNEL) --out $(OUT) \
		--asker $(BUILD)/tests/kernel_corpus --figures data/parity/figures.md
	@scripts/parity.py

# the verdicts alone, against the recorded ones: seconds
agreement: all
	@scripts/conformance.py --kfunc $(BUILD)/kfunc --corpus $(CORPUS) --kernel $(KERNEL) --out $(OUT)

# runs the corpus with its states recorded and checks them at every checkpoint
soundness: all
	@ninja -C $(BUILD) tests/soundness >/dev/null
	@$(BUILD)/tests/soundness $(CORPUS)/obj/*.bpf.o

# runs the corpus by the interpreter and as machine code and compares all that it leaves
engines: all
	@ninja -C $(BUILD) tests/engines >/dev/null
	@$(BUILD)/tests/engines $(CORPUS)/obj/*.bpf.o

# every allocation of opening, checking and loading fails once, for each of the objects: OBJECTS="FILE..."
no-memory: all
	@ninja -C $(BUILD) tests/no_memory >/dev/null
	@$(BUILD)/tests/no_memory $(KERNEL) $(or $(OBJECTS),$(wildcard $(CORPUS)/obj/*.o))

# needs a kernel that lets this process load programs; nothing is attached
diff-kernel: all
	@ninja -C $(BUILD) tests/diff_kernel tests/diff_calls tests/diff_access tests/diff_scalars \
		tests/diff_flow tests/kernel_corpus >/dev/null
	@$(BUILD)/tests/diff_kernel $(SEED) $(COUNT)
	@$(BUILD)/tests/diff_calls $(SEED) $(COUNT)
	@$(BUILD)/tests/diff_access $(SEED) $(COUNT)
	@$(BUILD)/tests/diff_scalars $(SEED) $(COUNT)
	@$(BUILD)/tests/diff_flow $(SEED) $(COUNT)
	@test ! -d $(CORPUS)/obj || scripts/conformance.py --kfunc $(BUILD)/kfunc --corpus $(CORPUS) \
		--kernel /sys/kernel/btf/vmlinux --asker $(BUILD)/tests/kernel_corpus --live-only || test $$? = 77

# --json and other options: make bench ARGS=--json
bench: all
	@ninja -C $(BUILD) bench/bench >/dev/null
	@$(BUILD)/bench/bench $(BUILD)/bench/progs $(ARGS)

# docs/parity.md: what the specifications state, and the tests that show it
parity:
	@scripts/parity.py

# the same for the programs of the corpus and mutants of them
diff-objects: all
	@ninja -C $(BUILD) tests/diff_objects >/dev/null
	@$(BUILD)/tests/diff_objects $(or $(SEED),1) $(or $(COUNT),5) $(CORPUS)/obj/*.o

clean:
	rm -rf $(BUILD) $(BUILD)-san $(BUILD)-tsan

.PHONY: all setup demo check san tsan fmt install corpus conformance agreement diff-kernel diff-objects soundness engines no-memory bench parity clean

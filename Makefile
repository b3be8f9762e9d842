# SPDX-License-Identifier: MIT
# `make help` says what there is.

LAB := tests/lab/lab

.PHONY: help
help:
	@echo "make run         the whole path on an emulated Xen host, stock against ours,"
	@echo "                 with a table and a picture of the guest's memory map"
	@echo "make check       unit tests, the same under sanitizers, and the lab"
	@echo "make check-unit  the tests that need no lab; under a minute"
	@echo "make check-lab   the lab's scenarios"
	@echo "make series      build/series/: what 'git am' takes for Xen and QEMU"
	@echo "make vectors     the protocol's test vectors, from the code"
	@echo "make coverage    how much of protocol/ the unit tests reach"
	@echo "make bench       what moving RAM takes, stock against ours, and our own code"
	@echo "make bench-extents  the same on a Xen with hvmloader/hypervisor's patch"
	@echo "make bench-qemu  how QEMU's time for a COMMIT grows with the ranges"
	@echo "make fuzz        libFuzzer, FUZZ_SECONDS a harness"
	@echo "make clean       remove build/; caches stay ($(LAB) clean)"

.PHONY: all
all: series

# Each command sees to what it needs; nobody but root installs anything.
.PHONY: deps-series deps-unit
deps-series:
	@scripts/deps python3 git
deps-unit:
	@scripts/deps gcc libc6-dev clang check pkg-config python3 python3-jsonschema \
		git
test-tools: deps-unit

# Every folder hvmloader/xen-VERSION and qemu-patches/VERSION is a series.
.PHONY: series
series: deps-series
	@for dir in hvmloader/xen-*; do \
		scripts/mkseries $$dir build/series/$${dir##*/} || exit 1; done
	@for dir in hvmloader/hypervisor/xen-* tests/hostile/xen-* tests/bench/*/xen-*; do \
		name=$$(basename $$(dirname $$dir)); \
		scripts/mkseries $$dir build/series/$$name-$${dir##*/} || exit 1; done
	@for dir in qemu-patches/[0-9]*; do \
		scripts/mkseries $$dir build/series/qemu-$${dir##*/} || exit 1; done

# What issue and talk show: the same guest, on the stock stack and on ours.
.PHONY: run
run: series
	@$(LAB) run --json build/run.json --stack stock --stack ours bar-1g
	@$(LAB) picture build/run.json -o build/memory-map.svg

.PHONY: check check-lab
check-lab: series
	@rc=0; $(LAB) run --suite bookworm --json build/check-4.17.json \
		tests/lab/scenarios/xen-4.17/*.toml || rc=$$?; \
	$(LAB) run --json build/check.json tests/lab/scenarios/*.toml || rc=$$?; \
	exit $$rc
# The lab comes last, and its larger part: its closing line counts.
check: check-unit check-prop
	@$(MAKE) --no-print-directory check-lab

.PHONY: clean
clean:
	rm -rf build

include tests/tests.mk

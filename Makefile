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
	@echo "make fuzz        libFuzzer, FUZZ_SECONDS a harness"
	@echo "make clean       remove build/; caches stay ($(LAB) clean)"

.PHONY: all
all: series

# Every folder hvmloader/xen-VERSION and qemu-patches/VERSION is a series.
.PHONY: series
series:
	@for dir in hvmloader/xen-*; do \
		scripts/mkseries $$dir build/series/$${dir##*/} || exit 1; done
	@for dir in qemu-patches/[0-9]*; do \
		scripts/mkseries $$dir build/series/qemu-$${dir##*/} || exit 1; done

.PHONY: clean
clean:
	rm -rf build

include tests/tests.mk

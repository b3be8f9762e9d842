# SPDX-License-Identifier: MIT
# `make help` says what there is.

LAB := tests/lab/lab

.PHONY: help
help:
	@echo "make run         the whole path on an emulated Xen host, stock against ours,"
	@echo "                 and what xen-memmap says of the guest, with a picture"
	@echo "make check       all that must pass: unit and property tests beside the lab;"
	@echo "                 what CI runs"
	@echo "make check-quick unit tests, and a handful of guests: under 5 min"
	@echo "make check-nightly  all, afresh: stock's controls, slow scenarios, mutations,"
	@echo "                 long property tests, fuzzers, coverage"
	@echo "make check-unit  the tests that need no lab; a minute"
	@echo "make check-lab   the lab's scenarios"
	@echo "make check-stubdom  some of them with device models in domains of their own"
	@echo "make check-second  the protocol's second implementation against the first"
	@echo "make check-proof  the pure code and the protocol, by CBMC and SPIN;"
	@echo "                 check-proof-mutants: what proofs and vectors see"
	@echo "make series      build/series/: what 'git am' takes for Xen and QEMU"
	@echo "make check-posted  QEMU's series: git am, QEMU's checkpatch.pl"
	@echo "make check-versions  the series on every Xen and QEMU that can be had"
	@echo "make check-patches   hvmloader after each patch, on the lab's Xen"
	@echo "                 XEN_SOURCE= QEMU_SOURCE= a git tree (FOLDER@TAG), a tarball, or"
	@echo "                 an unpacked tree in place of Debian's, for all that builds"
	@echo "make vectors     the protocol's test vectors, from the code"
	@echo "make coverage    how much of protocol/ the unit tests reach"
	@echo "make bench       what moving RAM takes, stock against ours, and our own code"
	@echo "make bench-extents  the same on a Xen with hvmloader/hypervisor's patch"
	@echo "make streams     what this version saves of guests, for later ones to load"
	@echo "make bench-qemu  how QEMU's time for a COMMIT grows with the ranges"
	@echo "make fuzz        libFuzzer, FUZZ_SECONDS a harness"
	@echo "make check-libxen-memmap  the library's and the command's tests"
	@echo "make install     libxen-memmap and xen-memmap, DESTDIR= PREFIX="
	@echo "make check-packages  Debian packages of libxen-memmap, and lintian"
	@echo "make deb         the same, and hvmloader and QEMU as packages that are installed"
	@echo "                 beside Debian's own: build/deb/"
	@echo "make clean       remove build/; caches stay ($(LAB) clean)"

.PHONY: all
all: series

# Each command sees to what it needs; nobody but root installs anything.
.PHONY: deps-series deps-unit deps-lab
# What makes QEMU's style of Xen's; clang-format of bookworm, 14, is too old for it.
FORMAT   = 'clang-format-16|clang-format-19|clang-format>=1:15' pandoc
deps-series:
	@scripts/deps python3 git $(FORMAT)
deps-unit:
	@scripts/deps gcc libc6-dev clang check libglib2.0-dev pkg-config python3 \
		python3-jsonschema python3-docutils git busybox $(FORMAT)
deps-lab:
	@scripts/deps mmdebstrap debian-archive-keyring git patch tar xz-utils \
		libarchive-tools
test-tools: deps-unit

# A folder of patches says in its name which versions they are for; each becomes a series
# of that name.  XEN_SOURCE and QEMU_SOURCE: what git am takes there, to the line.
# AUTHOR and SIGNOFF, "Name <mail@host>", are for a person who posts one.
MKSERIES = scripts/mkseries $(if $(AUTHOR),--author '$(AUTHOR)') \
           $(if $(SIGNOFF),--signoff '$(SIGNOFF)')
.PHONY: series
series: deps-series
	@for dir in hvmloader/xen-* qemu-patches/qemu-*; do \
		$(MKSERIES) $$dir build/series/$${dir##*/} || exit 1; done
	@for dir in qemu-patches/fixes/qemu-* hvmloader/*/xen-* libxen-memmap/libxl/xen-* \
	    tests/hostile/xen-* tests/bench/*/xen-*; do \
		name=$$(basename $$(dirname $$dir)); \
		$(MKSERIES) $$dir build/series/$$name-$${dir##*/} || exit 1; done
	@$(if $(XEN_SOURCE)$(QEMU_SOURCE),$(LAB) series)

# What issue and talk show: the same guest, on the stock stack and on ours; and what an
# administrator sees of ours (the end of scenario bar-1g).
.PHONY: run
run: series
	@$(LAB) run --json build/run.json --stack stock --stack ours bar-1g
	@cat build/lab/latest/host*/share/guests/bar-1g.ours/after.txt
	@cp build/lab/latest/host*/share/guests/bar-1g.ours/memory-map.svg build/
	@echo "picture: build/memory-map.svg"

# One run of the lab serves all suites, so that no processor is idle at the end of one.
LAB_RUN  = $(LAB) run --json build/$@.json
# They cross every part: a BAR, reserved memory passed through, either program alone,
# a hostile firmware.
QUICK    = bar-1g rdm-cut mixed-1g hostile-firmware
# What must have run however slow the machine is: the bug and that it is gone, and who means
# ill.  A guest has taken from 31 s of processor to nine minutes of it.
FIRST    = bar-1g hostile-firmware

# What matters most to who runs stub domains: each pair of old and new, RAM that joins RAM,
# who means ill, a QEMU that was told another size of RAM.  UEFI is stubdom-ovmf; four vCPUs do
# not get through there in emulation (tests/lab/FINDINGS.md, "Stub domains").
STUBDOM  = bar-1g mixed-1g bar-1g-5g hostile-firmware dm-believes-2g

.PHONY: check check-lab check-quick check-stubdom check-nightly
check-lab: series
	@$(LAB_RUN) --cached-controls
check: series deps-unit deps-lab deps-check-libxen-memmap
	@scripts/check --beside check-unit --beside check-libxen-memmap \
		--beside check-prop --beside check-second --beside check-patches \
		--beside check-qemu-patched --beside check-posted \
		--beside check-proof-quick -- \
		$(LAB_RUN) --cached-controls $(FIRST:%=--first %)
check-quick: series deps-unit deps-lab
	@scripts/check --beside check-unit -- $(LAB_RUN) --cached-controls $(QUICK)
check-stubdom: series deps-lab
	@$(LAB_RUN) --stubdom $(STUBDOM)
check-nightly: series deps-unit deps-lab deps-check-libxen-memmap
	@scripts/deps valgrind
	@$(MAKE) --no-print-directory check-unit check-libxen-memmap check-prop-long \
		check-mutations coverage check-proof
	@$(MAKE) --no-print-directory check-second SECOND_RECORDS=2000000
	@$(MAKE) --no-print-directory check-posted-build
	@$(MAKE) -s --no-print-directory -C libxen-memmap check-valgrind
	@$(MAKE) --no-print-directory fuzz FUZZ_SECONDS=180
	@$(MAKE) --no-print-directory check-packages check-versions
	@$(LAB_RUN) --nightly
	@$(MAKE) --no-print-directory check-stubdom

# Applies and builds, each of Xen's patches; what runs is the lab's business.  Of a git tree
# in XEN_SOURCE or QEMU_SOURCE without a tag, every release from 4.17 and 10.0 on, and its
# newest commit.  check-patches: only of the Xen that the lab builds hvmloader of.
.PHONY: check-versions check-patches
check-versions: series deps-lab
	@$(LAB) versions
check-patches: deps-lab
	@$(LAB) versions --of-lab

.PHONY: clean
clean:
	rm -rf build

include tests/tests.mk
include libxen-memmap/top.mk

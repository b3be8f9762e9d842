# SPDX-License-Identifier: MIT
# Tests that need no lab: what is made of which files, and run how.  Included by the top Makefile; outputs under build/.

TEST_CC     ?= gcc
TEST_CLANG  ?= $(shell for c in clang clang-19 clang-18 clang-17 clang-16 \
                   clang-15 clang-14; do command -v $$c && break; done)
FUZZ_SECONDS ?= 600

# Seconds that a test may take, and by what all limits are multiplied, those that a file
# sets too: they are for tests that hang, and a machine beside its lab is slow.
export CK_DEFAULT_TIMEOUT     ?= 60
export CK_TIMEOUT_MULTIPLIER  ?= 15

T           := build/tests
# _GNU_SOURCE is for the tests; what ships is freestanding (see portable).
TEST_INC    := -D_GNU_SOURCE -Iprotocol -Ihvmloader -Itests/unit -Itests/prop \
               -Itests/prop/stub -Itests/prop/stub/xen
WARN        := -Wall -Wextra -Werror
TEST_CFLAGS  = -std=gnu99 -g $(WARN) $(TEST_INC)
SANITIZE    := -fsanitize=address,undefined -fno-sanitize-recover=all \
               -fno-omit-frame-pointer

# What ships and needs neither Xen's headers nor QEMU's.
PURE_SRC    := $(wildcard protocol/*.c) \
               $(wildcard $(addprefix hvmloader/,rdm.c bars.c plan.c move.c))
PURE_HDR    := $(wildcard protocol/*.h $(addprefix hvmloader/,rdm.h bars.h plan.h move.h))
# hvmloader's files that know hvmloader, in a host that is simulated: sim.c
# includes them.  Their callbacks ignore an argument here and there, as in their tree.
SIM_SRC     := tests/prop/sim.c tests/prop/device.c tests/prop/host.c
PROP_SRC    := $(SIM_SRC) tests/prop/guest.c tests/prop/judge.c tests/prop/prop.c
UNIT_SRC    := $(wildcard tests/unit/*.c) $(PROP_SRC) tests/prop/oracle.c \
               tests/prop/faults.c tests/vectors/vectors.c tests/vectors/list.c \
               tests/second/machine.c
UNIT_HDR    := $(wildcard tests/unit/*.h tests/prop/*.h tests/prop/stub/*.h) \
               $(wildcard hvmloader/hvm*.[ch]) tests/vectors/vectors.h \
               tests/second/machine.h
# Shared by all kinds of tests: both ends in one process, and a model of layouts.
RIG_SRC     := tests/unit/rig.c tests/unit/model.c
FUZZERS     := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
UNIT_DEPS   := $(PURE_SRC) $(PURE_HDR) $(UNIT_SRC) $(UNIT_HDR) tests/tests.mk

# Asked once, and only if something needs it.
check_flags  = $(eval check_flags := $(shell pkg-config --cflags check))$(check_flags)
check_libs   = $(eval check_libs := $(shell pkg-config --libs check))$(check_libs)

.PHONY: check-unit check-prop check-mutations fuzz coverage vectors
.PHONY: test-tools check-portable check-replay check-asan
test-tools:
	@pkg-config --exists check || { echo "Check is missing: apt-get install" \
	    "check pkg-config" >&2; exit 1; }
	@test -n "$(TEST_CLANG)" || { echo "clang is missing: apt-get install" \
	    "clang" >&2; exit 1; }
	@printf 'int x;' | $(TEST_CC) -m32 -x c -c -o /dev/null - 2>/dev/null || \
	    { echo "$(TEST_CC) -m32 does not work: apt-get install gcc" >&2; \
	    exit 1; }
	@mkdir -p $(T)

# Side by side; each says what it has to say in one piece.  The run whose closing line
# counts comes last.
UNIT_PARTS := check-asan check-qemu check-lab-parts check-scripts check-portable check-replay
check-unit: test-tools
	@$(MAKE) -s --no-print-directory -j$$(nproc) --output-sync=target $(T)/unit \
	    $(UNIT_PARTS) $(T)/bench_plan $(T)/bench_codec
	@echo "== unit tests"
	@cd $(T) && TESTS_SRC=$(CURDIR)/tests ./unit

# In one process: to fork one with a sanitizer takes a tenth of a second, which was most of
# the time.  `unit` has each test in its own; so have QEMU's, which leave state behind.
check-asan: $(T)/unit-asan
	@echo "== unit tests under AddressSanitizer and UBSan"
	@cd $(T) && CK_FORK=no TESTS_SRC=$(CURDIR)/tests timeout 900 ./unit-asan \
	    >unit-asan.log 2>&1 || \
	    { cat unit-asan.log; exit 1; }; tail -n 1 unit-asan.log

# $(call objects,o1 or asan,SOURCES)
objects = $(patsubst %.c,$(T)/$(1)/%.o,$(2))

# Objects, so that a changed file costs one compilation: ./unit/mutate lives of it.
UNIT_OBJ    := $(patsubst %.c,$(T)/o1/%.o,$(UNIT_SRC) $(PURE_SRC))
ASAN_OBJ    := $(UNIT_OBJ:$(T)/o1/%=$(T)/asan/%)
REPLAY_OBJ  := $(patsubst %.c,$(T)/asan/%.o,tests/fuzz/replay.c $(RIG_SRC) \
               $(PURE_SRC))
-include $(UNIT_OBJ:.o=.d) $(ASAN_OBJ:.o=.d)
-include $(wildcard $(T)/o1/tests/prop/*-main.d $(T)/asan/tests/prop/*-main.d)
-include $(patsubst %,$(T)/asan/tests/fuzz/fuzz_%.d,$(FUZZERS))
.PRECIOUS: $(T)/asan/%.o
$(T)/o1/tests/prop/sim.o $(T)/asan/tests/prop/sim.o: WARN += -Wno-unused-parameter
$(T)/o1/tests/prop/device.o $(T)/asan/tests/prop/device.o: \
    WARN += -Wno-unused-parameter

$(T)/o1/%.o: %.c tests/tests.mk | test-tools
	@mkdir -p $(@D)
	@$(TEST_CC) $(TEST_CFLAGS) -O1 $(check_flags) -MMD -MP -c -o $@ $<

$(T)/asan/%.o: %.c tests/tests.mk | test-tools
	@mkdir -p $(@D)
	@$(TEST_CC) $(TEST_CFLAGS) -O1 $(SANITIZE) $(check_flags) -MMD -MP -c -o $@ $<

# The simulated device model has QEMU's own file in it.
$(T)/unit: $(UNIT_OBJ) $(T)/qemu/libharness.a
	@$(TEST_CC) -o $@ $^ $(check_libs) $(qemu_libs)

$(T)/unit-asan: $(ASAN_OBJ) $(T)/qemu-asan/libharness.a
	@$(TEST_CC) $(SANITIZE) -o $@ $^ $(check_libs) $(qemu_libs)

# qemu-patches/src against declarations of our own: tests/qemu/README.md.
# libharness.a is for whoever wants xen-memmap-rdm.c alone; -asan under sanitizers.
QEMU_FOLDER := qemu-patches/src/hw/i386/xen
# What is shared with Xen, as the series has it: in QEMU's style, with QEMU's port.h.
QEMU_TREE   := $(T)/qemu-tree
QEMU_MEMMAP := $(QEMU_TREE)/hw/i386/xen/memmap
QEMU_INC    := -D_GNU_SOURCE -Itests/qemu/stub -Itests/qemu -I$(QEMU_FOLDER) \
               -Iqemu-patches/src/include -I$(QEMU_TREE) -I$(QEMU_TREE)/hw/i386/xen \
               -I$(QEMU_MEMMAP) -Iprotocol
# As QEMU itself is compiled, which has no -Wextra.
QEMU_CFLAGS := -std=gnu11 -g -O1 $(filter-out -Wextra,$(WARN)) $(QEMU_INC)
QEMU_LIB    := util xen memory qom store machine rdm monitor
QEMU_CODE   := xen-memmap xen-memmap-compare xen-memmap-monitor xen-memmap-publish xen-memmap-rdm \
               xen-memmap-rdm-xen xen-linux xen-park xen-ram
QEMU_TESTS  := $(patsubst tests/qemu/%.c,%,$(wildcard tests/qemu/test_*.c)) main guest
QEMU_DEPS   := $(wildcard tests/qemu/*.h $(addprefix tests/qemu/stub/,*.h */*.h */*/*.h) \
               $(QEMU_FOLDER)/*.h qemu-patches/src/include/hw/xen/*.h) \
               $(PURE_HDR) $(QEMU_TREE)/made tests/tests.mk
QEMU_SHARED := codec dm dm_rdm layout strings
qemu_flags   = $(eval qemu_flags := $(shell pkg-config --cflags glib-2.0 check))$(qemu_flags)
qemu_libs    = $(eval qemu_libs := $(shell pkg-config --libs glib-2.0 check))$(qemu_libs)

.PHONY: check-qemu
check-qemu: $(T)/qemu/unit $(T)/qemu-asan/unit $(T)/qemu-asan/test-xen-memmap
	@echo "== QEMU's own unit test of what it shares with Xen"
	@$(T)/qemu-asan/test-xen-memmap >$(T)/qemu-own.log 2>&1 || \
	    { cat $(T)/qemu-own.log; exit 1; }; \
	    echo "$$(grep -c '^ok' $(T)/qemu-own.log) passed"
	@echo "== qemu-patches/src under AddressSanitizer and UBSan"
	@$(T)/qemu-asan/unit >$(T)/qemu-asan.log 2>&1 || \
	    { cat $(T)/qemu-asan.log; exit 1; }; tail -n 1 $(T)/qemu-asan.log
	@echo "== qemu-patches/src"
	@$(T)/qemu/unit

$(T)/qemu-asan/%: QEMU_CFLAGS += $(SANITIZE)

define qemu_rules
$(1)/%.o: tests/qemu/%.c $(QEMU_DEPS) | test-tools
	@mkdir -p $$(@D); $(TEST_CC) $$(QEMU_CFLAGS) $$(qemu_flags) -c -o $$@ $$<
$(1)/%.o: $(QEMU_FOLDER)/%.c $(QEMU_DEPS) | test-tools
	@mkdir -p $$(@D); $(TEST_CC) $$(QEMU_CFLAGS) $$(qemu_flags) -c -o $$@ $$<
$(1)/%.o: protocol/%.c $(QEMU_DEPS) | test-tools
	@mkdir -p $$(@D); $(TEST_CC) $$(QEMU_CFLAGS) -c -o $$@ $$<
$(1)/memmap-%.o: $(QEMU_DEPS) | test-tools
	@mkdir -p $$(@D); $(TEST_CC) $$(QEMU_CFLAGS) $$(qemu_flags) -c -o $$@ $(QEMU_MEMMAP)/$$*.c
$(1)/test-xen-memmap: $(QEMU_DEPS) $(patsubst %,$(1)/memmap-%.o,$(QEMU_SHARED))
	@$(TEST_CC) $$(QEMU_CFLAGS) $$(qemu_flags) -o $$@ $(QEMU_TREE)/tests/unit/$$(@F).c \
	    $(patsubst %,$(1)/memmap-%.o,$(QEMU_SHARED)) $$(qemu_libs)
$(1)/libharness.a: $(patsubst %,$(1)/%.o,$(QEMU_LIB) $(QEMU_CODE))
	@rm -f $$@; ar rcs $$@ $$^
$(1)/unit: $(patsubst %,$(1)/%.o,$(QEMU_TESTS) $(QEMU_SHARED:%=memmap-%)) $(1)/libharness.a
	@$(TEST_CC) $$(QEMU_CFLAGS) -o $$@ $$^ $$(qemu_libs)
endef
$(eval $(call qemu_rules,$(T)/qemu))
$(eval $(call qemu_rules,$(T)/qemu-asan))

$(QEMU_TREE)/made: $(wildcard protocol/*.[ch]) scripts/mkseries scripts/forms.py \
        qemu-patches/clang-format qemu-patches/common/02-protocol.patch \
        qemu-patches/common/03-dm.patch \
        qemu-patches/src/hw/i386/xen/memmap/port.h qemu-patches/src/tests/unit/test-xen-memmap.c
	@rm -rf $(@D); mkdir -p $(@D)
	@scripts/mkseries qemu-patches/qemu-10.0 $(@D)/series >/dev/null
	@cd $(@D) && GIT_CEILING_DIRECTORIES=$(CURDIR)/$(T) git apply \
	    --include='hw/i386/xen/memmap/*' --include='tests/unit/*.c' series/000[23]-*.patch
	@touch $@

# What this version saves of a guest, for each later one to load: tests/qemu/test_streams.c.
.PHONY: streams
streams: $(T)/qemu/unit
	@mkdir -p tests/qemu/streams
	@MAKE_STREAMS=1 CK_RUN_SUITE="streams of old versions" $(T)/qemu/unit

# What of the series is a change of QEMU's mapcache, in QEMU's own source: that needs
# what the lab downloads, so it is no part of check-unit.
QEMU_SERIES := $(wildcard $(foreach f,qemu-patches qemu-patches/fixes, \
               $(f)/common/*.patch $(f)/qemu-10.0/*))
PATCHED     := hw/xen/xen-mapcache.c include/system/xen-mapcache.h \
               system/physmem.c system/memory_ldst.c.inc include/exec/memory.h
# What a test of physmem.c needs of it; see there.
CUT         := 'static inline void .memory_direct_ptr' \
               'static MemTxResult flatview_write_continue_step' \
               'static MemTxResult flatview_read_continue_step' \
               'MemTxResult address_space_read(' 

.PHONY: check-qemu-patched
check-qemu-patched: $(T)/qemu-patched/physmem $(T)/qemu-patched/mapcache
	@for t in physmem mapcache; do \
	    echo "== QEMU's $$t with the series, under AddressSanitizer and UBSan"; \
	    $(T)/qemu-patched/$$t || exit 1; done

$(T)/qemu-patched/physmem: $(T)/qemu-patched/source tests/qemu/patched/test_physmem.c | test-tools
	@for f in $(CUT); do \
	    sed -n "/^$$f/,/^}/p" $(@D)/qemu/include/exec/memory.h $(@D)/qemu/system/physmem.c; \
	done >$(@D)/functions.inc
	@$(TEST_CC) -std=gnu11 -g -O1 $(SANITIZE) -w -I$(@D) -I$(@D)/qemu $(check_flags) -o $@ \
	    tests/qemu/patched/test_physmem.c $(check_libs)

$(T)/qemu-patched/source: tests/qemu/patched/extract $(QEMU_SERIES)
	@scripts/mkseries qemu-patches/fixes/qemu-10.0 $(T)/qemu-patched/fixes >/dev/null
	@scripts/mkseries qemu-patches/qemu-10.0 $(T)/qemu-patched/series >/dev/null
	@tests/qemu/patched/extract --series $(T)/qemu-patched/fixes \
	    --series $(T)/qemu-patched/series $(T)/qemu-patched/qemu $(PATCHED)
	@touch $@

$(T)/qemu-patched/mapcache: $(T)/qemu-patched/source tests/qemu/patched/test_mapcache.c \
        $(wildcard tests/qemu/patched/stub/*.h tests/qemu/patched/stub/*/*.h) \
        $(QEMU_DEPS) | test-tools
	@$(TEST_CC) -Itests/qemu/patched/stub -I$(@D)/qemu/include $(QEMU_CFLAGS) \
	    $(SANITIZE) -DCONFIG_XEN_IS_POSSIBLE $(qemu_flags) -w -o $@ \
	    tests/qemu/patched/test_mapcache.c $(@D)/qemu/hw/xen/xen-mapcache.c $(qemu_libs)

# What is posted to QEMU, tried as a maintainer would.  That each commit builds takes
# minutes, and is for the night.
.PHONY: check-posted check-posted-build
check-posted: series
	@$(LAB) posted
check-posted-build: series
	@$(LAB) posted --build

# The pure parts of the programs that run in the lab's guest and dom0.
.PHONY: check-lab-parts
check-lab-parts: test-tools
	@for p in guest views; do \
	    echo "== tests/lab/$$p"; mkdir -p $(T)/lab-$$p; \
	    $(MAKE) -s --no-print-directory -C tests/lab/$$p \
	        O=$(CURDIR)/$(T)/lab-$$p CC=$(TEST_CC) check \
	        >$(T)/lab-$$p.log 2>&1 || { cat $(T)/lab-$$p.log; exit 1; }; \
	    tail -n 1 $(T)/lab-$$p.log; \
	done
	@echo "== tests/lab/tests"
	@/usr/bin/python3 -m unittest discover -t tests/lab -s tests/lab/tests \
	    >$(T)/lab-tests.log 2>&1 || { cat $(T)/lab-tests.log; exit 1; }; \
	    tail -n 1 $(T)/lab-tests.log
	@echo "== tests/bench"
	@/usr/bin/python3 tests/bench/test_report.py >$(T)/report.log 2>&1 || \
	    { cat $(T)/report.log; exit 1; }; tail -n 1 $(T)/report.log
	@/usr/bin/python3 tests/bench/ranges/test_ranges.py >$(T)/ranges.log 2>&1 || \
	    { cat $(T)/ranges.log; exit 1; }; tail -n 1 $(T)/ranges.log

# What makes the patches, and what tries the tests.
.PHONY: check-scripts
check-scripts: test-tools
	@for s in tests/scripts/test_*.py tests/second/test_*.py; do \
	    echo "== $$s"; log=$(T)/$$(basename $$s .py).log; \
	    /usr/bin/python3 $$s >$$log 2>&1 || { cat $$log; exit 1; }; \
	    tail -n 1 $$log; \
	done
	@tests/unit/mutate $(MUTATIONS:%=--list %) --fit

# PROTOCOL.md, implemented once more from the text; a fresh seed each time.
SECOND_RECORDS ?= 200000
.PHONY: check-second
check-second: $(T)/second
	@echo "== C against tests/second"
	@/usr/bin/python3 tests/second/compare.py --records $(SECOND_RECORDS) $(T)/second

$(T)/second: $(call objects,o1,tests/second/server.c tests/second/machine.c \
             $(wildcard protocol/*.c))
	@$(TEST_CC) -o $@ $^

# hvmloader is 32-bit, has no libgcc and three functions of libc.
check-portable: test-tools
	@TEST_CC="$(TEST_CC)" TEST_CLANG="$(TEST_CLANG)" \
	    tests/unit/portable $(T)/portable $(PURE_SRC)

# Every input that a fuzzer ever found worth keeping, under the sanitizers.
check-replay: $(FUZZERS:%=$(T)/replay-%)
	@for f in $(FUZZERS); do \
	    echo "== replay of tests/fuzz/corpus/$$f"; \
	    $(T)/replay-$$f tests/fuzz/corpus/$$f || exit 1; \
	done

$(T)/replay-%: $(T)/asan/tests/fuzz/fuzz_%.o $(REPLAY_OBJ)
	@$(TEST_CC) $(SANITIZE) -o $@ $^

# FUZZ_SECONDS for each harness, one after the other.  New inputs are kept under
# build/; `make fuzz-minimize` adds what is worth keeping to the committed corpora.
.PHONY: fuzz-minimize fuzz-tools
fuzz: $(FUZZERS:%=$(T)/fuzz-%)
	@for f in $(FUZZERS); do \
	    mkdir -p $(T)/corpus/$$f $(T)/crash-$$f; \
	    echo "== $$f: $(FUZZ_SECONDS) s; findings in $(T)/crash-$$f"; \
	    $(T)/fuzz-$$f -max_total_time=$(FUZZ_SECONDS) -max_len=2048 \
	        -artifact_prefix=$(T)/crash-$$f/ -print_final_stats=1 -verbosity=1 \
	        -timeout=10 $(T)/corpus/$$f tests/fuzz/corpus/$$f \
	        2>$(T)/fuzz-$$f.log || { tail -n 40 $(T)/fuzz-$$f.log; exit 1; }; \
	    grep -E '^stat::number_of_executed_units|^#.*DONE' $(T)/fuzz-$$f.log; \
	done
	@echo "$(words $(FUZZERS)) passed, 0 failed"

fuzz-tools: test-tools
	@printf 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	    $(TEST_CLANG) -fsanitize=fuzzer,address,undefined -x c - \
	    -o $(T)/fuzz-tools 2>/dev/null || { v=$$($(TEST_CLANG) -dumpversion); \
	    echo "$(TEST_CLANG) has no libFuzzer: apt-get install" \
	    "libclang-rt-$${v%%.*}-dev" >&2; exit 1; }

$(T)/fuzz-%: tests/fuzz/fuzz_%.c tests/fuzz/fuzz.h $(UNIT_DEPS) | fuzz-tools
	@$(TEST_CLANG) $(TEST_CFLAGS) -O1 -fsanitize=fuzzer,address,undefined \
	    -fno-sanitize-recover=all -o $@ $< $(RIG_SRC) $(PURE_SRC)

# One input for each edge is enough to be replayed in seconds; those with a name
# were written by hand and stay.
fuzz-minimize: $(FUZZERS:%=$(T)/fuzz-%)
	@for f in $(FUZZERS); do \
	    rm -rf $(T)/merged && mkdir -p $(T)/merged tests/fuzz/corpus/$$f \
	        $(T)/corpus/$$f && \
	    cp tests/fuzz/corpus/$$f/* $(T)/corpus/$$f/ && \
	    $(T)/fuzz-$$f -set_cover_merge=1 -use_counters=0 -max_len=1024 \
	        $(T)/merged $(T)/corpus/$$f 2>$(T)/merge.log || \
	        { tail $(T)/merge.log; exit 1; }; \
	    find tests/fuzz/corpus/$$f -regextype posix-extended \
	        -regex '.*/[0-9a-f]{40}' -delete; \
	    cp $(T)/merged/* tests/fuzz/corpus/$$f/; \
	    echo "$$f: $$(ls tests/fuzz/corpus/$$f | wc -l) inputs," \
	         "$$(cat tests/fuzz/corpus/$$f/* | wc -c) bytes"; \
	done

# What is proven, and under which assumptions: tests/proof/README.md.
.PHONY: check-proof check-proof-quick check-proof-mutants
check-proof: deps-unit deps-lab
	@tests/proof/prove $(T)/proof
check-proof-quick: deps-unit deps-lab
	@tests/proof/prove --quick $(T)/proof
check-proof-mutants: deps-unit deps-lab
	@tests/unit/mutate --list tests/proof/mutations --list tests/proof/others \
	    $(T)/proof-mutants

# Boots of random guests: a fixed seed, so that a change of the code is what makes
# a difference, and a fresh one, so that there is something new to be found.
PROP_SEQUENCES ?= 20000
# Maps, each with every hypercall failing in every way, and pairs a hypercall.
FAULTS_MAPS    ?= 100
FAULTS_PAIRS   ?= 20
FRESH           = 0x$$(od -An -N7 -tx1 /dev/urandom | tr -d ' ')

check-prop: $(T)/prop $(T)/prop-asan $(T)/oracle $(T)/faults
	@echo "== moving RAM, every hypercall fails, a fixed seed"
	@$(T)/faults 0x6d6f7665 $(FAULTS_MAPS) $(FAULTS_PAIRS)
	@echo "== moving RAM, every hypercall fails, a fresh seed"
	@$(T)/faults $(FRESH) $(FAULTS_MAPS) $(FAULTS_PAIRS)
	@echo "== plans against brute force, a fixed seed"
	@$(T)/oracle 0x6f7261636c65 $(PROP_SEQUENCES)
	@echo "== plans against brute force, a fresh seed"
	@$(T)/oracle $(FRESH) $(PROP_SEQUENCES)
	@echo "== a fixed seed, under AddressSanitizer and UBSan"
	@$(T)/prop-asan $(PROP_SEQUENCES)
	@echo "== a fresh seed"
	@$(T)/prop --seed $(FRESH) $(PROP_SEQUENCES)

# The same, many times as much.
.PHONY: check-prop-long
check-prop-long:
	@$(MAKE) --no-print-directory check-prop PROP_SEQUENCES=500000 \
	    FAULTS_MAPS=400 FAULTS_PAIRS=50

$(T)/oracle: $(call objects,o1,tests/prop/oracle.c tests/prop/oracle-main.c $(PURE_SRC))
	@$(TEST_CC) -o $@ $^

$(T)/faults: $(call objects,o1,tests/prop/faults.c tests/prop/faults-main.c \
             tests/prop/host.c $(PURE_SRC))
	@$(TEST_CC) -o $@ $^

$(T)/prop: $(call objects,o1,tests/prop/prop-main.c $(PROP_SRC) $(PURE_SRC)) \
           $(T)/qemu/libharness.a
	@$(TEST_CC) -o $@ $^ $(qemu_libs)

$(T)/prop-asan: $(call objects,asan,tests/prop/prop-main.c $(PROP_SRC) $(PURE_SRC)) \
                $(T)/qemu-asan/libharness.a
	@$(TEST_CC) $(SANITIZE) -o $@ $^ $(qemu_libs)

# What needs no host; then stock against ours on the emulated host, BENCH_RUNS times
# and once to count.
BENCH_RUNS ?= 3
BENCH      := build/bench
# $(call bench_lab,NAME,OPTIONS,SCENARIOS): build/bench/NAME-{1..BENCH_RUNS,count}.json
bench_lab = mkdir -p $(BENCH); for i in $$(seq $(BENCH_RUNS)) count; do \
	    count=$$([ $$i != count ] || echo --count); \
	    $(LAB) run --alone $$count $(2) --json $(BENCH)/$(1)-$$i.json $(3) \
	        >$(BENCH)/$(1)-$$i.log || { cat $(BENCH)/$(1)-$$i.log; exit 1; }; done
# $(call bench_report,NAME,OUTPUT,OPTIONS)
bench_report = tests/bench/report.py --count $(BENCH)/$(1)-count.json -o $(2) $(3) \
	    $$(seq -f '$(BENCH)/$(1)-%g.json' $(BENCH_RUNS))
.PHONY: bench bench-native bench-qemu bench-size bench-extents
bench: series bench-native bench-size bench-qemu bench-extents
	@$(call bench_lab,time,,tests/bench/scenarios/*.toml)
	@$(call bench_report,time,build/bench.json,$(foreach \
	    part,plan codec size ranges extents,--also $(part)=$(BENCH)/$(part).json))
	@echo "results: build/bench.json"

# The same moves on a Xen that takes extents back at once.  Its source must be that
# of the host's tools, which bookworm's is.
bench-extents: series
	@$(call bench_lab,extents,--suite bookworm --hypervisor ours,$(wildcard \
	    tests/bench/scenarios/move-*.toml))
	@echo "== Xen with hvmloader/hypervisor's patch"
	@$(call bench_report,extents,$(BENCH)/extents.json)

# How the planner's time grows with the regions of reserved memory, and what a
# record costs either end.
bench-native: $(T)/bench_plan $(T)/bench_codec
	@mkdir -p $(BENCH)
	@$(T)/bench_plan --json $(BENCH)/plan.json
	@$(T)/bench_codec --json $(BENCH)/codec.json

$(T)/bench_plan: tests/bench/bench_plan.c $(PURE_SRC) $(PURE_HDR) | test-tools
	@$(TEST_CC) $(TEST_CFLAGS) -O2 -o $@ $< $(PURE_SRC) -lm

$(T)/bench_codec: tests/bench/bench_codec.c $(PURE_SRC) $(PURE_HDR) | test-tools
	@$(TEST_CC) $(TEST_CFLAGS) -O2 -o $@ $< $(PURE_SRC)

# How QEMU's time for a COMMIT grows with the ranges of RAM.
bench-qemu: series
	@mkdir -p $(BENCH)
	@$(LAB) run --alone --json $(BENCH)/ranges-run.json \
	    tests/bench/ranges/*.toml >$(BENCH)/ranges.log || \
	    { cat $(BENCH)/ranges.log; exit 1; }
	@tests/bench/ranges/ranges.py --json $(BENCH)/ranges.json \
	    $(BENCH)/ranges-run.json

# How much larger hvmloader is.
bench-size: series
	@mkdir -p $(BENCH)
	@tests/bench/size.py --json $(BENCH)/size.json

# Each small mistake of these lists must turn a test red: tests/unit/mutate says how.
MUTATIONS   := $(wildcard tests/*/mutations* tests/lab/*/mutations \
               tests/qemu/*/mutations)
check-mutations: test-tools
	@tests/unit/mutate $(MUTATIONS:%=--list %) $(T)/mutants

# What PROTOCOL.md says of itself in bytes; the unit tests compare.
vectors: $(T)/vectors
	@$(T)/vectors tests/vectors PROTOCOL.md

$(T)/vectors: tests/vectors/main.c $(UNIT_DEPS) | test-tools
	@$(TEST_CC) $(TEST_CFLAGS) -O1 -o $@ tests/vectors/main.c \
	    tests/vectors/vectors.c tests/vectors/list.c tests/unit/rig.c $(PURE_SRC)

# Only what ships is measured; without optimisation, so that lines are lines.
coverage: test-tools $(T)/qemu/libharness.a
	@rm -rf $(T)/coverage && mkdir -p $(T)/coverage
	@for src in $(wildcard protocol/*.c); do \
	    $(TEST_CC) $(TEST_CFLAGS) -O0 --coverage -c $$src \
	        -o $(T)/coverage/$$(basename $$src .c).o || exit 1; done
	@$(TEST_CC) $(TEST_CFLAGS) -Wno-unused-parameter -O1 $(check_flags) --coverage \
	    -fno-profile-arcs -fno-test-coverage -o $(T)/coverage/unit \
	    $(T)/coverage/*.o $(UNIT_SRC) $(filter-out protocol/%,$(PURE_SRC)) \
	    $(T)/qemu/libharness.a $(check_libs) $(qemu_libs)
	@TESTS_SRC=$(CURDIR)/tests CK_FORK=no $(T)/coverage/unit \
	    >$(T)/coverage/log || { tail -n 20 $(T)/coverage/log; exit 1; }
	@tail -n 1 $(T)/coverage/log
	@tests/unit/coverage $(T)/coverage 100 95

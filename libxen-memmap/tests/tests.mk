# SPDX-License-Identifier: MIT
# Tests of the library and the command.  They need neither Xen nor root.

T          := $(O)/tests
VECTORS    := $(abspath ../tests/vectors)
TEST_SRC   := $(addprefix tests/,main.c rig.c) $(wildcard tests/test_*.c)
SANITIZE   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TEST_FLAGS := -std=gnu11 -g -O1 -D_GNU_SOURCE $(INC) -Itests $(WARN)

$(T)/.dir:
	@mkdir -p $(T) && touch $@

$(T)/noxen.so $(T)/fakexen.so: $(T)/%.so: tests/%.c | $(T)/.dir
	$(CC) -std=gnu11 -O1 -D_GNU_SOURCE $(WARN) -shared -fPIC -o $@ $<

$(T)/unit: TEST_FLAGS += -O0
$(T)/unit: $(TEST_SRC) $(SRC) $(PURE) $(HDR) tests/rig.h | $(T)/.dir
	$(CC) $(TEST_FLAGS) $$(pkg-config --cflags check) -o $@ $(TEST_SRC) $(SRC) $(PURE) \
	    $(XEN_LIBS) $$(pkg-config --libs check)
$(T)/unit-asan: $(TEST_SRC) $(SRC) $(PURE) $(HDR) tests/rig.h | $(T)/.dir
	$(CC) $(TEST_FLAGS) $(SANITIZE) $$(pkg-config --cflags check) -o $@ $(TEST_SRC) $(SRC) \
	    $(PURE) $(XEN_LIBS) $$(pkg-config --libs check)

.PHONY: check check-library
check-library: $(T)/unit-asan $(T)/noxen.so
	@echo "== libxen-memmap against a real xenstored, under AddressSanitizer and UBSan"
	@tests/suites $(abspath $(T)) $(VECTORS) text record read domains wait verify explain
check: check-library

# The same without sanitizers, of which valgrind sees other mistakes; some minutes.
.PHONY: check-valgrind
check-valgrind: $(T)/unit $(T)/noxen.so
	@echo "== libxen-memmap under valgrind"
	@UNIT=unit CK_TIMEOUT_MULTIPLIER=30 RUN="valgrind -q --error-exitcode=9 --leak-check=full \
	    --errors-for-leak-kinds=definite,indirect --trace-children=no" \
	    tests/suites $(abspath $(T)) $(VECTORS) text record read domains wait verify explain

# The whole tree, as it is installed.
.PHONY: check-command
check-command: all $(T)/noxen.so $(T)/fakexen.so
	@echo "== xen-memmap and two programs, as they are installed"
	@rm -rf $(T)/root && $(MAKE) -s install PREFIX=/usr DESTDIR=$(abspath $(T)/root) >/dev/null
	@XENSTORED=$$(tests/get-xenstored $(abspath $(T))/xenstored) NOXEN=$(abspath $(T)/noxen.so) \
	    FAKEXEN_SO=$(abspath $(T)/fakexen.so) \
	    VECTORS=$(VECTORS) ROOT=$(abspath $(T)/root) LC_ALL=C.UTF-8 NO_COLOR= \
	    LD_LIBRARY_PATH=$(abspath $(T)/root/usr/lib) LIBRARY_PATH=$(abspath $(T)/root/usr/lib) \
	    /usr/bin/python3 tests/test_command.py -q $(TESTS) 2>&1
	@$(MAKE) -s uninstall PREFIX=/usr DESTDIR=$(abspath $(T)/root) && \
	    ! find $(T)/root ! -type d | grep . || { echo "uninstall leaves these" >&2; exit 1; }
check: check-command

# What a guest may write, and more: each input that is kept, under the sanitizers.
FUZZ_SECONDS ?= 600
FUZZ_CC      ?= clang

$(T)/replay: tests/fuzz.c ../tests/fuzz/replay.c $(SRC) $(PURE) $(HDR) | $(T)/.dir
	$(CC) $(TEST_FLAGS) -I../tests/fuzz $(SANITIZE) -o $@ $(filter %.c,$^) $(XEN_LIBS)
$(T)/fuzz: tests/fuzz.c $(SRC) $(PURE) $(HDR) | $(T)/.dir
	$(FUZZ_CC) $(TEST_FLAGS) -I../tests/fuzz -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    -o $@ $(filter %.c,$^) $(XEN_LIBS)

.PHONY: check-replay fuzz
check-replay: $(T)/replay
	@echo "== replay of libxen-memmap/tests/corpus"
	@$(T)/replay tests/corpus
check: check-replay
fuzz: $(T)/fuzz
	@mkdir -p $(T)/corpus
	$(T)/fuzz -max_total_time=$(FUZZ_SECONDS) -max_len=4096 -timeout=10 \
	    -artifact_prefix=$(T)/ $(T)/corpus tests/corpus

# The ABI, as it was written down.  What is there may not change under one soname; what
# is new is written down as well, by `make abi`.
.PHONY: check-abi abi
ABI := tests/libxen-memmap.abi
check-abi: $(LIB)
	@echo "== the ABI of libxen-memmap"
	@abidiff --headers-dir2 include --no-show-locs $(ABI) $(LIB).$(SONAME) || \
	    { echo "abidiff: what is new is noted by \`make abi\`; what changed needs another soname" >&2; \
	    exit 1; }
	@for language in "c -std=c99" "c++ -std=c++11"; do \
	    echo '#include "xen-memmap.h"' | $(CC) -x $$language -pedantic $(WARN) -Iinclude \
	        -fsyntax-only - || exit 1; done
check: check-abi
abi: $(LIB)
	abidw --exported-interfaces-only --headers-dir include --no-corpus-path --no-comp-dir-path --no-show-locs \
	    $(LIB).$(SONAME) >$(ABI)

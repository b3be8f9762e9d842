# SPDX-License-Identifier: MIT
# Tests of the library and the command.  They need neither Xen nor root.

T          := $(O)/tests
VECTORS    := $(abspath ../tests/vectors)
TEST_SRC   := $(addprefix tests/,main.c rig.c) $(wildcard tests/test_*.c)
SANITIZE   := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
TEST_FLAGS := -std=gnu11 -g -O1 -D_GNU_SOURCE $(INC) -Itests $(WARN)

$(T)/.dir:
	@mkdir -p $(T) && touch $@

$(T)/noxen.so: tests/noxen.c | $(T)/.dir
	$(CC) -std=gnu11 -O1 -D_GNU_SOURCE $(WARN) -shared -fPIC -o $@ $<

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

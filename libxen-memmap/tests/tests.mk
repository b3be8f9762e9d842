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

# The whole tree, as it is installed.
.PHONY: check-command
check-command: all $(T)/noxen.so
	@echo "== xen-memmap and two programs, as they are installed"
	@rm -rf $(T)/root && $(MAKE) -s install PREFIX=/usr DESTDIR=$(abspath $(T)/root) >/dev/null
	@XENSTORED=$$(tests/get-xenstored $(abspath $(T))/xenstored) NOXEN=$(abspath $(T)/noxen.so) \
	    VECTORS=$(VECTORS) ROOT=$(abspath $(T)/root) LC_ALL=C.UTF-8 NO_COLOR= \
	    LD_LIBRARY_PATH=$(abspath $(T)/root/usr/lib) LIBRARY_PATH=$(abspath $(T)/root/usr/lib) \
	    /usr/bin/python3 tests/test_command.py -q 2>&1
	@$(MAKE) -s uninstall PREFIX=/usr DESTDIR=$(abspath $(T)/root) && \
	    ! find $(T)/root ! -type d | grep . || { echo "uninstall leaves these" >&2; exit 1; }
check: check-command

# SPDX-License-Identifier: MIT
# What of this folder `make` at the top knows; included there.

.PHONY: check-libxen-memmap check-packages install uninstall deps-libxen-memmap
deps-libxen-memmap:
	@scripts/deps gcc g++ libc6-dev pkg-config python3 libxen-dev libglib2.0-dev \
	    libjson-c-dev
.PHONY: deps-check-libxen-memmap
deps-check-libxen-memmap: deps-libxen-memmap
	@scripts/deps check abigail-tools zsh
check-libxen-memmap: deps-check-libxen-memmap
	@$(MAKE) -s --no-print-directory -C libxen-memmap check

# Debian packages, in a root of the lab's; an error of lintian's is one.
check-packages: deps-lab
	@$(LAB) package

install: deps-libxen-memmap
	@$(MAKE) --no-print-directory -C libxen-memmap install
uninstall:
	@$(MAKE) --no-print-directory -C libxen-memmap uninstall

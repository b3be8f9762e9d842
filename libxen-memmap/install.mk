# SPDX-License-Identifier: MIT
# make install DESTDIR= PREFIX=: what goes where; uninstall removes the same files.

D          := $(DESTDIR)
MAN1       := man/xen-memmap.1
MAN3       := man/libxen-memmap.3
MAN7       := man/xen-memmap-xenstore.7

INSTALLED  := $(BINDIR)/xen-memmap \
              $(foreach l,xen-memmap xen-memmap-glib,$(INCLUDEDIR)/$(l).h \
                $(LIBDIR)/pkgconfig/$(l).pc $(LIBDIR)/lib$(l).so \
                $(LIBDIR)/lib$(l).so.$(SONAME)) \
              $(LIBDIR)/libxen-memmap.a \
              $(MODULES:$(O)/%=$(LIBDIR)/%) \
              $(MANDIR)/man1/xen-memmap.1 $(MANDIR)/man3/libxen-memmap.3 \
              $(MANDIR)/man7/xen-memmap-xenstore.7 \
              $(BASHDIR)/xen-memmap $(ZSHDIR)/_xen-memmap

PC = sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@INCLUDEDIR@,$(INCLUDEDIR),' \
         -e 's,@LIBDIR@,$(LIBDIR),' -e 's,@VERSION@,$(VERSION),'

.PHONY: install uninstall
install: all
	$(INSTALL) -d $(addprefix $(D),$(sort $(dir $(INSTALLED))))
	$(INSTALL) -m 755 $(COMMAND) $(D)$(BINDIR)/xen-memmap
	$(INSTALL) -m 644 $(LIB).$(SONAME) $(GLIB_LIB).$(SONAME) $(D)$(LIBDIR)/
	ln -sf libxen-memmap.so.$(SONAME) $(D)$(LIBDIR)/libxen-memmap.so
	ln -sf libxen-memmap-glib.so.$(SONAME) $(D)$(LIBDIR)/libxen-memmap-glib.so
	$(INSTALL) -m 644 $(O)/libxen-memmap.a $(D)$(LIBDIR)/
	$(INSTALL) -m 644 $(MODULES) $(D)$(LIBDIR)/$(MODULE_DIR)/
	$(INSTALL) -m 644 include/xen-memmap.h include/xen-memmap-glib.h $(D)$(INCLUDEDIR)/
	$(PC) src/xen-memmap.pc.in >$(D)$(LIBDIR)/pkgconfig/xen-memmap.pc
	$(PC) glib/xen-memmap-glib.pc.in >$(D)$(LIBDIR)/pkgconfig/xen-memmap-glib.pc
	$(INSTALL) -m 644 $(MAN1) $(D)$(MANDIR)/man1/
	$(INSTALL) -m 644 $(MAN3) $(D)$(MANDIR)/man3/
	$(INSTALL) -m 644 $(MAN7) $(D)$(MANDIR)/man7/
	$(INSTALL) -m 644 completion/xen-memmap.bash $(D)$(BASHDIR)/xen-memmap
	$(INSTALL) -m 644 completion/_xen-memmap $(D)$(ZSHDIR)/_xen-memmap

uninstall:
	rm -f $(addprefix $(D),$(INSTALLED))

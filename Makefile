# One Makefile for every Lua: make LUA=5.4 | 5.5 | 5.3 | 5.1 | jit.
# `make help` lists the targets.

# A Lua of one's own is named by LUA_BIN; it knows which one it is.
ifdef LUA_BIN
LUA     ?= $(shell $(LUA_BIN) -e 'print((_VERSION:gsub("^Lua ", "")))')
endif
LUA     ?= 5.4
PREFIX  ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC      := gcc
endif
CFLAGS  ?= -O2 -g
DEPS    ?= yes

ifeq ($(filter $(LUA),5.5 5.4 5.3 5.1 jit),)
$(error LUA must be 5.5, 5.4, 5.3, 5.1 or jit, not '$(LUA)')
endif

# LuaJIT runs the 5.1 build: one binary serves both and nginx.
LUA_ABI := $(if $(filter jit,$(LUA)),5.1,$(LUA))
LUA_BIN ?= $(if $(filter jit,$(LUA)),luajit,lua$(LUA))
LUA_PC  ?= lua$(LUA_ABI)
BUILD   ?= build/$(LUA_ABI)

# Asked once, and only when something is built.
PKG_CONFIG  ?= pkg-config
ask_once     = $(eval $(1) := $$(shell $$(PKG_CONFIG) $(2)))$($(1))
LUA_CFLAGS  ?= $(call ask_once,LUA_CFLAGS,--cflags $(LUA_PC))
CURL_CFLAGS ?= $(call ask_once,CURL_CFLAGS,--cflags libcurl)
CURL_LIBS   ?= $(call ask_once,CURL_LIBS,--libs libcurl)

LMOD_DIR ?= $(PREFIX)/share/lua/$(LUA_ABI)
CMOD_DIR ?= $(PREFIX)/lib/lua/$(LUA_ABI)
BIN_DIR  ?= $(PREFIX)/bin
MAN_DIR  ?= $(PREFIX)/share/man/man1
DATA_DIR ?= $(PREFIX)/share/partnercenter
# Completion scripts, where the shells look for those of programs below PREFIX.
BASH_DIR ?= $(PREFIX)/share/bash-completion/completions
ZSH_DIR  ?= $(PREFIX)/share/zsh/site-functions
FISH_DIR ?= $(PREFIX)/share/fish/vendor_completions.d

VERSION := $(shell sed -n 's/^return "\(.*\)"$$/\1/p' lua/partnercenter/version.lua)

STD ?= -std=c99
WARNINGS := $(STD) -pedantic -Wall -Wextra -Wshadow -Wundef -Wconversion \
  -Wvla -Wwrite-strings -Wmissing-prototypes -Wstrict-prototypes \
  -Wredundant-decls -fvisibility=hidden
# Newer glibc's <string.h> has _Generic in macros, which clang counts as ours; gcc,
# which does not know the name, passes it over and finds what is.
WARNINGS += -Wno-c11-extensions
# -Werror in `make lint` and CI, not for those who build with other compilers.
WERROR ?=
ALL_CFLAGS = $(WARNINGS) $(WERROR) -fPIC -pthread \
  -Isrc -DPC_VERSION='"$(VERSION)"' $(LUA_CFLAGS) $(CURL_CFLAGS) $(CFLAGS)

# macOS: Lua's own symbols are found when the module is loaded.
SHARED := $(if $(filter Darwin,$(shell uname -s)),-bundle -undefined dynamic_lookup,-shared)

SOURCES := $(sort $(wildcard src/*/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
MODULE  := $(BUILD)/partnercenter.so

# Settings of the machine's own Lua must not reach what is run here.
unexport LUA_PATH LUA_CPATH LUA_INIT LUA_PATH_5_5 LUA_CPATH_5_5 LUA_INIT_5_5 \
  LUA_PATH_5_4 LUA_CPATH_5_4 LUA_INIT_5_4 LUA_PATH_5_3 LUA_CPATH_5_3 LUA_INIT_5_3
# Those given for one Lua must not reach the builds for the others.
unexport LUA LUA_ABI LUA_BIN LUA_PC BUILD
LUA_ENV = LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='$(BUILD)/?.so;;'
RUN_LUA = $(LUA_ENV) $(LUA_BIN)

.PHONY: all
all: $(MODULE)            ## build the module for one Lua into build/

# The object files depend on how they are compiled, too.
$(BUILD)/flags: FORCE
	@mkdir -p $(sort $(dir $(OBJECTS)))
	@echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(LDFLAGS))' | cmp -s - $@ || \
	  echo '$(subst ','\'',$(CC) $(ALL_CFLAGS) $(LDFLAGS))' >$@
FORCE:

$(MODULE): $(OBJECTS)
	@# A name of its own until it is whole: it may be in use.
	new=$@.$$$$; $(CC) $(SHARED) -pthread $(CFLAGS) $(LDFLAGS) -o $$new $(OBJECTS) $(CURL_LIBS) && \
	  mv $$new $@

$(BUILD)/obj/%.o: src/%.c lua/partnercenter/version.lua $(BUILD)/flags
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

# --- what is needed ---

# deps-GROUP: the Debian packages of one group of tools/install-deps.
# DEPS=no leaves the machine alone.
install_deps = @$(if $(filter no,$(DEPS)),:,tools/install-deps $(1))

ALL_LUAS := lua5.5 lua5.4 lua5.3 lua5.1 luajit
LUA_GROUP := $(if $(filter jit,$(LUA)),luajit lua5.1,lua$(LUA))

.PHONY: deps
deps:                     ## install the Debian packages for building and testing
	$(call install_deps,build $(ALL_LUAS) run sandbox test)

.PHONY: deps-demo deps-all
deps-demo:
	$(call install_deps,build $(LUA_GROUP) run sandbox)
deps-all:
	$(call install_deps,build $(ALL_LUAS) run sandbox test lint docs memory analyze coverage fuzz rock browser platforms)
	$(if $(filter no,$(DEPS)),@:,-@tools/fetch-axe)

# --- see it ---

.PHONY: demo
demo: deps-demo           ## print a customer's licence insights from the sandbox
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@LUA_BIN='$(LUA_BIN)' PC_BUILD='$(BUILD)' tools/with-sandbox tools/demo

.PHONY: sandbox
sandbox:                  ## run a local Partner Center until Ctrl-C
	$(call install_deps,sandbox)
	@mkdir -p build
	@examples/sandbox/sandbox run build/sandbox-run $(SANDBOX)

# --- check it ---

.PHONY: test
test: deps                ## run the specs on every Lua (LUAS="5.4 jit": on these)
	@MAKE='$(MAKE)' tools/run-specs $(LUAS) -- $(SPEC)

# All that the project is for; not every release has a Lua 5.5.
LUAS ?= $(if $(shell command -v lua5.5),5.5) 5.4 5.3 5.1 jit

.PHONY: test-5.5 test-5.4 test-5.3 test-5.1 test-jit
test-5.5 test-5.4 test-5.3 test-5.1 test-jit: test-%:
	@MAKE='$(MAKE)' tools/run-specs $* -- $(SPEC)

.PHONY: asan tsan valgrind
asan tsan valgrind:       ## run the specs under a sanitizer or valgrind
	$(if $(filter valgrind,$@),$(call install_deps,memory),@:)
	@MAKE='$(MAKE)' tools/run-specs --under $@ $(LUA) -- $(SPEC)

.PHONY: lint
lint:                     ## check style, layers, symbols and documentation
	$(call install_deps,build $(ALL_LUAS) lint)
	@MAKE='$(MAKE)' tools/lint

.PHONY: analyze
analyze:                  ## look for bugs with the static analysers
	$(call install_deps,build lua5.4 analyze)
	@LUA_CFLAGS='$(LUA_CFLAGS)' CURL_CFLAGS='$(CURL_CFLAGS)' \
	  VERSION='$(VERSION)' tools/analyze

.PHONY: docs
docs:                     ## write the reference to build/doc/
	$(call install_deps,docs)
	@mkdir -p build/doc-src
	@tools/core-docs >build/doc-src/core.c
	@lua5.4 tools/resources_doc.lua >build/doc-src/resources.md
	@rm -rf build/doc
	@ldoc --fatalwarnings .
	@# The guides name each other as files.
	@sed -i -E -e 's#href="(\.\./|doc/)*([A-Za-z0-9-]+)\.md#href="\2.md.html#g' \
	  -e 's#href="(\.\./)?examples/#href="../../../examples/#g' build/doc/topics/*.html

.PHONY: test-tools test-install test-rock
test-tools:               ## check the tools in tools/
	$(call install_deps,build lua5.4 run sandbox test)
	@MAKE='$(MAKE)' tools/test-tools
test-install:             ## check make install and make uninstall
	@MAKE='$(MAKE)' tools/test-install
test-rock:                ## check the rock: build, test, pack and install it
	$(call install_deps,build $(ALL_LUAS) run test rock)
	@MAKE='$(MAKE)' tools/test-rock $(if $(filter file,$(origin LUAS)),,$(LUAS))

.PHONY: check
check: deps-all           ## check everything that CI checks
	@.ci/run

# --- on other releases ---

.PHONY: test-on test-fresh
test-on:                  ## run the specs on another release (SUITE=trixie; by root)
	@tools/platforms/on '$(SUITE)' '$(or $(TARGET),test)' \
	  $(if $(filter file,$(origin LUAS)),,'LUAS=$(LUAS)') $(if $(SPEC),'SPEC=$(SPEC)')
test-fresh:               ## follow README on an empty release (SUITE=trixie; by root)
	@LUAS='$(if $(filter file,$(origin LUAS)),,$(LUAS))' SPEC='$(SPEC)' tools/platforms/fresh '$(SUITE)'

.PHONY: test-arch test-numbers
test-arch:                ## run the decoders' specs on another processor (ARCH=arm64)
	@tools/platforms/arch '$(ARCH)' $(SPEC)
test-numbers: deps-demo   ## check what is said of Luas with numbers of 32 bits
	@MAKE='$(MAKE)' tools/platforms/numbers

.PHONY: matrix rows compilers deps-compilers
matrix:                   ## print and write the table of doc/platforms.md (hours; by root)
	@tools/platforms/matrix $(if $(filter file,$(origin LUAS)),,$(LUAS)) -- $(SPEC)
rows: deps                ## print this release's rows of that table
	@MAKE='$(MAKE)' tools/platforms/rows $(LUAS) -- $(SPEC)
deps-compilers:
	$(call install_deps,build $(ALL_LUAS) compilers)
compilers:                ## build with every gcc and clang there is (COMPILERS="gcc-14": these)
	@MAKE='$(MAKE)' tools/platforms/compilers $(COMPILERS)

# --- install it ---

LUA_FILES = $(shell cd lua && find partnercenter -name '*.lua')
PROGRAMS  = $(notdir $(wildcard bin/*))
PAGES     = $(if $(MAN_DIR),$(notdir $(wildcard doc/*.1)))

.PHONY: install
install: all              ## install for one Lua below PREFIX (and DESTDIR)
	@install -d '$(DESTDIR)$(CMOD_DIR)'
	@# A core of an older version there would be found first.
	@rm -f '$(DESTDIR)$(CMOD_DIR)/partnercenter/core.so'
	install -m 755 $(MODULE) '$(DESTDIR)$(CMOD_DIR)/partnercenter.so'
	@set -e; for file in $(LUA_FILES); do \
	  install -d "$(DESTDIR)$(LMOD_DIR)/$$(dirname $$file)"; \
	  install -m 644 "lua/$$file" "$(DESTDIR)$(LMOD_DIR)/$$file"; \
	done
	@set -e; for program in $(PROGRAMS); do \
	  install -d '$(DESTDIR)$(BIN_DIR)'; \
	  sed '1s|^#!.*lua.*|#!/usr/bin/env $(notdir $(LUA_BIN))|' "bin/$$program" \
	    >"$(DESTDIR)$(BIN_DIR)/$$program"; \
	  chmod 755 "$(DESTDIR)$(BIN_DIR)/$$program"; \
	done
	@# Made by the command itself, which may lack lua-argparse here.
	@set -e; complete() { \
	  install -d "$$2"; \
	  if PC_BUILD='$(abspath $(BUILD))' $(LUA_BIN) bin/partnercenter completion "$$1" >"$$2/$$3"; \
	  then chmod 644 "$$2/$$3"; else rm -f "$$2/$$3"; fi; \
	}; \
	if $(LUA_BIN) -e 'require "argparse"' 2>/dev/null; then \
	  complete bash '$(DESTDIR)$(BASH_DIR)' partnercenter; \
	  complete zsh '$(DESTDIR)$(ZSH_DIR)' _partnercenter; \
	  complete fish '$(DESTDIR)$(FISH_DIR)' partnercenter.fish; \
	fi
	@set -e; for page in $(PAGES); do \
	  install -d '$(DESTDIR)$(MAN_DIR)'; \
	  install -m 644 "doc/$$page" "$(DESTDIR)$(MAN_DIR)/$$page"; \
	done
	@# For editors; see README.md.
	@install -d '$(DESTDIR)$(DATA_DIR)/types/library'
	install -m 644 types/config.json '$(DESTDIR)$(DATA_DIR)/types/config.json'
	install -m 644 types/library/partnercenter.lua '$(DESTDIR)$(DATA_DIR)/types/library/partnercenter.lua'

.PHONY: uninstall
uninstall:                ## remove what install has put there
	rm -rf '$(DESTDIR)$(LMOD_DIR)/partnercenter' '$(DESTDIR)$(CMOD_DIR)/partnercenter' \
	  '$(DESTDIR)$(DATA_DIR)/types'
	rm -f '$(DESTDIR)$(CMOD_DIR)/partnercenter.so' '$(DESTDIR)$(BASH_DIR)/partnercenter' \
	  '$(DESTDIR)$(ZSH_DIR)/_partnercenter' '$(DESTDIR)$(FISH_DIR)/partnercenter.fish' \
	  $(foreach program,$(PROGRAMS),'$(DESTDIR)$(BIN_DIR)/$(program)') \
	  $(foreach page,$(PAGES),'$(DESTDIR)$(MAN_DIR)/$(page)')
	@# And the directories, where nothing else is in them.
	@cd '$(DESTDIR)/' && for dir in '$(LMOD_DIR)' '$(CMOD_DIR)' '$(BIN_DIR)' '$(MAN_DIR)' \
	  '$(DATA_DIR)' '$(BASH_DIR)' '$(ZSH_DIR)' '$(FISH_DIR)'; do \
	  rmdir -p ".$$dir" 2>/dev/null || :; \
	done

.PHONY: dist
dist:                     ## pack the last commit, and write its rockspec, in build/
	@tools/dist

.PHONY: clean
clean:                    ## remove build/
	rm -rf build

.PHONY: help
help:                     ## list the targets
	@echo 'make [LUA=5.4|5.5|5.3|5.1|jit] [PREFIX=...] [DESTDIR=...] [CC=...] [CFLAGS=...] TARGET'
	@sed -n 's/^\([a-z. -]*\):[^#]*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 22
	@echo 'SPEC="spec/x_spec.lua" runs one spec file; DEPS=no installs nothing.'

# --- hold it to the worst ---

.PHONY: helgrind
helgrind:                 ## run many Lua states in several threads under helgrind
	$(call install_deps,build lua5.4 sandbox test memory)
	@tools/helgrind

.PHONY: soak
soak: all                 ## make many calls in one process (SOAK=full: a million)
	@[ $(LUA) != jit ] || { echo 'soak: not for LuaJIT, whose memory malloc does not know' >&2; exit 1; }
	$(call install_deps,sandbox)
	@$(CC) $(WARNINGS) $(LUA_CFLAGS) -O2 -fPIC $(SHARED) -o $(BUILD)/heap.so tools/heap.c
	@BUILD=$(BUILD) LUA_BIN=$(LUA_BIN) tools/soak $(SOAK)

.PHONY: coverage
coverage:                 ## count the lines that the specs run, in C and Lua
	$(call install_deps,build lua5.4 run sandbox test coverage)
	@MAKE='$(MAKE)' tools/coverage $(SPEC)

SECONDS_EACH ?= 10

.PHONY: chaos
chaos:                    ## read in every order there is (SEED=, SECONDS_EACH=, UNDER=asan|tsan)
	$(call install_deps,build $(LUA_GROUP) luajit run sandbox test)
	@MAKE='$(MAKE)' tools/chaos $(if $(UNDER),--under $(UNDER)) $(LUA) $(SECONDS_EACH) '$(SEED)' $(DRIVER)

.PHONY: torture
torture:                  ## make every allocation and system call fail
	$(call install_deps,build lua5.4 lua5.1 sandbox test)
	@tools/torture $(or $(POINTS),160) $(SCENE)

.PHONY: faults-doc
faults-doc:               ## write doc/faults.md from the table of faults
	@lua5.4 tools/faults_doc.lua >doc/faults.md

# --- measure it ---

.PHONY: bench-stream
bench-stream: deps-demo   ## read a million rows: time, CPU and memory
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@$(LUA_ENV) tools/with-sandbox --customers=50001 --products=20 --page_cache=512 \
	  $(LUA_BIN) bench/stream.lua

.PHONY: bench-instructions
bench-instructions:       ## count the instructions of a row and a call (UPDATE=yes: commit to them)
	$(call install_deps,build lua5.4 run sandbox bench memory)
	@$(MAKE) --no-print-directory -s LUA=5.4 all
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH='build/5.4/?.so;;' UPDATE=$(UPDATE) \
	  lua5.4 bench/instructions.lua

.PHONY: bench-throttle
bench-throttle:           ## compare the throttle with the least time that quotas allow, simulated
	$(call install_deps,lua5.4)
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' lua5.4 bench/throttle.lua $(SEED)

.PHONY: bench-licences
bench-licences:           ## calls and time for the licences of all customers, simulated
	$(call install_deps,lua5.4)
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' lua5.4 bench/licences.lua $(SEED)

.PHONY: bench-decode
bench-decode: deps-demo   ## decode, against lua-cjson and against no parsing at all
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@$(CC) $(WARNINGS) $(LUA_CFLAGS) -O2 -fPIC $(SHARED) -o $(BUILD)/floor.so bench/floor.c
	@# The allocator keeps what it has: else it is its trade with the system
	@# that is measured.
	@MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=67108864 \
	  MALLOC_MMAP_THRESHOLD_=4000000000 $(RUN_LUA) bench/decode.lua $(BENCH)

.PHONY: bench-memory
bench-memory:             ## what decoding takes in memory, of documents made to mislead it
	$(call install_deps,build $(LUA_GROUP))
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@LUA_PATH='./?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' $(LUA_BIN) bench/memory.lua

.PHONY: bench-csv
bench-csv: deps-demo      ## read CSV, against pure Lua and against no parsing at all
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@$(CC) $(WARNINGS) $(LUA_CFLAGS) -O2 -fPIC $(SHARED) -o $(BUILD)/floor.so bench/floor.c
	@LUA_PATH='./?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' MALLOC_TRIM_THRESHOLD_=4000000000 \
	  MALLOC_TOP_PAD_=67108864 MALLOC_MMAP_THRESHOLD_=4000000000 \
	  $(LUA_BIN) bench/csv.lua $(BENCH)
	@for case in usage quoted different; do \
	  $(RUN_LUA) bench/csv.lua --memory $$case || exit 1; done

# --- attack it ---

FUZZ_SECONDS ?= 60

.PHONY: fuzz fuzz-decoder fuzz-csv fuzz-library
fuzz:                     ## fuzz with libFuzzer (clang), FUZZ_SECONDS each
	$(call install_deps,build lua5.4 run fuzz)
	@tools/fuzz $(FUZZ_SECONDS)
fuzz-decoder fuzz-csv fuzz-library: fuzz-%:
	@tools/fuzz $(FUZZ_SECONDS) $*

.PHONY: fuzz-keep
fuzz-keep:                ## keep the inputs that the fuzzer has found so far
	@tools/fuzz --keep

# --- starve it ---

.PHONY: oom
oom:                      ## fail each allocation in turn, of the scripts in spec/oom
	@mkdir -p $(BUILD)
	@$(CC) -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	  -Isrc -DPC_VERSION='"$(VERSION)"' -pthread $(LUA_CFLAGS) $(CURL_CFLAGS) \
	  -o $(BUILD)/oom spec/oom.c $(SOURCES) \
	  $(shell $(PKG_CONFIG) --libs $(LUA_PC)) $(CURL_LIBS) -lm -ldl
	@for script in spec/oom/*.lua; do $(LUA_ENV) $(BUILD)/oom $$script || exit 1; done

# --- nginx ---

.PHONY: gateway
gateway:                  ## run the gateway and its dashboard on the sandbox until Ctrl-C
	$(call install_deps,build luajit run sandbox)
	@$(MAKE) --no-print-directory -s LUA=5.1 all
	@rm -rf build/gateway && mkdir -p build
	@tools/with-sandbox examples/openresty/gateway run build/gateway

.PHONY: gateway-fleet
gateway-fleet:            ## run two gateways with one Redis on the sandbox until Ctrl-C
	$(call install_deps,build luajit run sandbox store)
	@$(MAKE) --no-print-directory -s LUA=5.1 all
	@tools/with-sandbox tools/gateway-fleet

.PHONY: bench-openresty
bench-openresty:          ## compare an nginx worker with cosockets and lua-cjson
	$(call install_deps,build luajit run sandbox bench)
	@$(MAKE) --no-print-directory -s LUA=5.1 all
	@luajit bench/openresty.lua

.PHONY: fleet
fleet:                    ## hold a fleet with one Redis to its quota, and measure its cache (6 minutes)
	$(call install_deps,build lua5.4 luajit run sandbox store test)
	@$(MAKE) --no-print-directory -s LUA=5.4 all
	@$(MAKE) --no-print-directory -s LUA=5.1 all
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH='build/5.4/?.so;;' lua5.4 bench/fleet.lua

# --- the network ---

.PHONY: bench-fanout bench-map bench-page
bench-fanout:             ## compare 1,000 calls side by side with curl and lua-http
	$(call install_deps,build $(LUA_GROUP) run sandbox bench)
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' \
	  $(LUA_BIN) bench/fanout.lua
bench-map:                ## loop over 5,000 customers far away: time, memory, connections
	$(call install_deps,build $(LUA_GROUP) run sandbox bench)
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' \
	  $(LUA_BIN) bench/map.lua
bench-page:               ## compare a page of 10,000 rows with curl, LuaSec and lua-curl
	$(call install_deps,build $(LUA_GROUP) run sandbox bench)
	@$(MAKE) --no-print-directory -s LUA=$(LUA) BUILD=$(BUILD) all
	@LUA_PATH='lua/?.lua;lua/?/init.lua;./?.lua;;' LUA_CPATH='$(BUILD)/?.so;;' \
	  $(LUA_BIN) bench/page.lua

# One Makefile for every Lua: make LUA=5.4 | 5.3 | 5.1 | jit. `make help` lists
# the targets.

LUA     ?= 5.4
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc
CFLAGS  ?= -O2 -g

# LuaJIT runs the 5.1 build: one binary serves both and nginx.
LUA_ABI := $(if $(filter jit,$(LUA)),5.1,$(LUA))
LUA_BIN ?= $(if $(filter jit,$(LUA)),luajit,lua$(LUA))
LUA_PC  ?= lua$(LUA_ABI)
BUILD   ?= build/$(LUA_ABI)

PKG_CONFIG  ?= pkg-config
LUA_CFLAGS  ?= $(shell $(PKG_CONFIG) --cflags $(LUA_PC))
CURL_CFLAGS ?= $(shell $(PKG_CONFIG) --cflags libcurl)
CURL_LIBS   ?= $(shell $(PKG_CONFIG) --libs libcurl)

LMOD_DIR ?= $(PREFIX)/share/lua/$(LUA_ABI)
CMOD_DIR ?= $(PREFIX)/lib/lua/$(LUA_ABI)
BIN_DIR  ?= $(PREFIX)/bin

VERSION := $(shell sed -n 's/^return "\(.*\)"$$/\1/p' lua/partnercenter/version.lua)

WARNINGS := -std=c99 -pedantic -Wall -Wextra -Wshadow -Wundef -Wconversion \
  -Wvla -Wwrite-strings -Wmissing-prototypes -Wstrict-prototypes \
  -Wredundant-decls -fvisibility=hidden
WERROR ?= -Werror
ALL_CFLAGS = $(WARNINGS) $(WERROR) -fPIC -pthread \
  -DPC_VERSION='"$(VERSION)"' $(LUA_CFLAGS) $(CURL_CFLAGS) $(CFLAGS)

SOURCES := $(sort $(wildcard src/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/obj/%.o)
MODULE  := $(BUILD)/partnercenter.so

# Settings of the machine's own Lua must not reach the specs.
unexport LUA_PATH LUA_CPATH LUA_INIT LUA_PATH_5_4 LUA_CPATH_5_4 LUA_INIT_5_4 \
  LUA_PATH_5_3 LUA_CPATH_5_3 LUA_INIT_5_3
RUN_LUA = LUA_PATH='lua/?.lua;lua/?/init.lua;;' LUA_CPATH='$(BUILD)/?.so;;' \
  $(LUA_BIN)

.PHONY: all
all: $(MODULE)

$(MODULE): $(OBJECTS)
	$(CC) -shared -pthread $(CFLAGS) $(LDFLAGS) -o $@ $(OBJECTS) $(CURL_LIBS)

$(BUILD)/obj/%.o: src/%.c lua/partnercenter/version.lua Makefile
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

-include $(OBJECTS:.o=.d)

.PHONY: clean
clean:
	rm -rf build

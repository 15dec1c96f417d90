-- gzip by the zlib that nginx is linked with. One stream per worker, reset
-- for each body; the whole answer is known, so its length can be sent.
local ffi = require "ffi"

local M = {}

ffi.cdef [[
typedef struct {
  const unsigned char *next_in; unsigned int avail_in; unsigned long total_in;
  unsigned char *next_out; unsigned int avail_out; unsigned long total_out;
  const char *msg; void *state; void *zalloc; void *zfree; void *opaque;
  int data_type; unsigned long adler; unsigned long reserved;
} sandbox_z_stream;
const char *zlibVersion(void);
int deflateInit2_(sandbox_z_stream *strm, int level, int method, int bits, int mem,
  int strategy, const char *version, int size);
int deflateReset(sandbox_z_stream *strm);
unsigned long deflateBound(sandbox_z_stream *strm, unsigned long length);
int deflate(sandbox_z_stream *strm, int flush);
]]

local LEVEL, DEFLATED, GZIP_WINDOW, MEMORY, FINISH, STREAM_END = 1, 8, 15 + 16, 8, 4, 1

local zlib, stream
local room, buffer = 0, nil

local function open()
  local found = pcall(function() return ffi.C.zlibVersion end)
  zlib = found and ffi.C or ffi.load("z")
  stream = ffi.new("sandbox_z_stream")
  local code = zlib.deflateInit2_(stream, LEVEL, DEFLATED, GZIP_WINDOW, MEMORY, 0,
    zlib.zlibVersion(), ffi.sizeof(stream))
  assert(code == 0, "deflateInit2 failed")
end

function M.compress(text)
  if stream then zlib.deflateReset(stream) else open() end
  local bound = tonumber(zlib.deflateBound(stream, #text))
  if bound > room then
    room = bound * 2
    buffer = ffi.new("unsigned char[?]", room)
  end
  stream.next_in, stream.avail_in = ffi.cast("const unsigned char *", text), #text
  stream.next_out, stream.avail_out = buffer, room
  assert(zlib.deflate(stream, FINISH) == STREAM_END, "deflate failed")
  return ffi.string(buffer, tonumber(stream.total_out))
end

return M

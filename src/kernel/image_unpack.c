/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A vmlinuz is a small loader with a compressed ELF file somewhere inside. The place is searched by
 * the magic bytes of each compression; what unpacks to something that begins like an ELF file is
 * the kernel. The input is not trusted: sizes are bounded, and so is the number of false starts.
 */
#include "kernel/image.h"

#include <errno.h>
#include <string.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

#define MAX_KERNEL  ((size_t)1 << 30)
#define MAX_STARTS  64   /* places that look like a compressed stream */
#define FIRST_BYTES 4096 /* unpacked bytes after which something that is no ELF is given up */
#define LZ4_BLOCK   (8u << 20)

/* Where unpacked bytes go. */
struct sink {
	uint8_t *p;
	size_t n, cap;
};

/* room for at least one more byte; at most MAX_KERNEL */
static int sink_room(struct sink *s)
{
	if (s->n < s->cap)
		return 0;
	if (s->cap >= MAX_KERNEL)
		return -EFBIG;
	/* 64 MiB hold most kernels; a hostile file need not get them at once */
	return mem_grow((void **)&s->p, &s->cap, s->cap ? s->cap * 2 : 1 << 16, 1);
}

/* Not an ELF file: no use going on */
static bool sink_hopeless(const struct sink *s)
{
	return s->n >= FIRST_BYTES && memcmp(s->p, "\177ELF", 4) != 0;
}

static int unpack_zstd(const uint8_t *p, size_t n, struct sink *s)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = {p, n, 0};
	size_t left = 1;
	int err = z ? 0 : -ENOMEM;

	while (!err && left) {
		ZSTD_outBuffer out;

		err = sink_room(s);
		if (err)
			break;
		out = (ZSTD_outBuffer){s->p + s->n, s->cap - s->n, 0};
		left = ZSTD_decompressStream(z, &out, &in);
		s->n += out.pos;
		if (ZSTD_isError(left) || (left && !out.pos && in.pos == in.size) ||
		    sink_hopeless(s))
			err = -EINVAL;
	}
	ZSTD_freeDStream(z);
	return err;
}

static int unpack_xz(const uint8_t *p, size_t n, struct sink *s)
{
	lzma_stream z = LZMA_STREAM_INIT;
	lzma_ret ret = lzma_stream_decoder(&z, (uint64_t)512 << 20, 0);
	int err = ret == LZMA_OK ? 0 : -ENOMEM;

	z.next_in = p;
	z.avail_in = n;
	while (!err && ret != LZMA_STREAM_END) {
		size_t room;

		err = sink_room(s);
		if (err)
			break;
		room = s->cap - s->n;
		z.next_out = s->p + s->n;
		z.avail_out = room;
		ret = lzma_code(&z, LZMA_RUN);
		s->n += room - z.avail_out;
		if ((ret != LZMA_OK && ret != LZMA_STREAM_END) || sink_hopeless(s))
			err = ret == LZMA_MEM_ERROR ? -ENOMEM : -EINVAL;
	}
	lzma_end(&z);
	return err;
}

static int unpack_gzip(const uint8_t *p, size_t n, struct sink *s)
{
	z_stream z = {0};
	int ret, err = 0;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -ENOMEM;
	z.next_in = (uint8_t *)p;
	z.avail_in = n;
	do {
		size_t room;

		err = sink_room(s);
		if (err)
			break;
		room = s->cap - s->n;
		z.next_out = s->p + s->n;
		z.avail_out = room;
		ret = inflate(&z, Z_NO_FLUSH);
		s->n += room - z.avail_out;
		if ((ret != Z_OK && ret != Z_STREAM_END) || sink_hopeless(s))
			err = -EINVAL;
	} while (!err && ret != Z_STREAM_END);
	inflateEnd(&z);
	return err;
}

static uint32_t le32(const uint8_t *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The kernel's lz4 is the old frame format: blocks with a length, no end mark. */
static int unpack_lz4(const uint8_t *p, size_t n, struct sink *s)
{
	size_t pos = 4;

	while (n - pos >= 4) {
		uint32_t len = le32(p + pos);
		int got, err;

		if (!len || len > LZ4_COMPRESSBOUND(LZ4_BLOCK) || len > n - pos - 4)
			break; /* the size of the whole, or what follows the stream */
		while (s->cap - s->n < LZ4_BLOCK) {
			if (s->cap >= MAX_KERNEL)
				return -EFBIG;
			err = mem_grow((void **)&s->p, &s->cap, s->n + LZ4_BLOCK, 1);
			if (err)
				return err;
		}
		got = LZ4_decompress_safe((const char *)p + pos + 4, (char *)s->p + s->n, len,
					  LZ4_BLOCK);
		if (got < 0)
			return s->n ? 0 : -EINVAL;
		s->n += got;
		pos += 4 + (size_t)len;
		if (sink_hopeless(s))
			return -EINVAL;
	}
	return s->n ? 0 : -EINVAL;
}

static const struct {
	const char *name;
	uint8_t magic[6];
	uint8_t len;
	int (*unpack)(const uint8_t *p, size_t n, struct sink *s);
} formats[] = {
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, unpack_zstd},
	{"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, unpack_xz},
	{"gzip", {0x1f, 0x8b, 0x08}, 3, unpack_gzip},
	{"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, unpack_lz4},
	{"bzip2", {'B', 'Z', 'h', '9', '1', 'A'}, 6, NULL},
	{"lzma", {0x5d, 0, 0, 0}, 4, NULL},
	{"lzo", {0x89, 'L', 'Z', 'O', 0}, 5, NULL},
};

/* the next place at or after from that begins with these bytes, or n */
static size_t next_magic(const uint8_t *p, size_t n, size_t from, const uint8_t *magic, size_t len)
{
	const uint8_t *at = from < n ? memmem(p + from, n - from, magic, len) : NULL;

	return at ? (size_t)(at - p) : n;
}

static int try_format(const struct image *img, unsigned int f, struct sink *s)
{
	size_t at, n = img->size;
	int starts = 0, err = -EINVAL;

	for (at = 0; starts < MAX_STARTS; at++, starts++) {
		at = next_magic(img->mem, n, at, formats[f].magic, formats[f].len);
		if (at >= n)
			break;
		s->n = 0;
		err = formats[f].unpack(img->mem + at, n - at, s);
		if (err == -ENOMEM || err == -EFBIG)
			return err;
		if (!err && s->n >= 64 && !memcmp(s->p, "\177ELF", 4))
			return 0;
	}
	return -EINVAL;
}

int image_unpack(const struct image *img, uint8_t **out, size_t *out_size)
{
	struct sink s = {0};
	unsigned int f, n = sizeof(formats) / sizeof(formats[0]);
	int err = -EINVAL;

	for (f = 0; f < n && err == -EINVAL; f++)
		if (formats[f].unpack)
			err = try_format(img, f, &s);
	if (!err) {
		*out = s.p;
		*out_size = s.n;
		return 0;
	}
	mem_free(s.p);
	if (err == -EFBIG)
		return image_fail(img, err, "the file unpacks to more than 1 GiB");
	if (err == -ENOMEM)
		return image_fail(img, err, "out of memory");
	/* of a boot image it can be said what it is packed with */
	for (f = 0; f < n && img->size > 0x206 && !memcmp(img->mem + 0x202, "HdrS", 4); f++)
		if (!formats[f].unpack && next_magic(img->mem, img->size, 0, formats[f].magic,
						     formats[f].len) < img->size)
			return image_fail(img, -EOPNOTSUPP,
					  "the kernel in this boot image is packed with %s, which "
					  "is not supported",
					  formats[f].name);
	return image_fail(img, -EINVAL,
			  "this is no kernel file: neither BTF nor ELF, and no packed ELF inside");
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A kernel from a file: raw BTF (/sys/kernel/btf/vmlinux), an ELF vmlinux, or a vmlinuz with one
 * packed inside. Types are its BTF. kfuncs and flags are read from .BTF_ids where the file has it,
 * else from data/kernels by release (listed.c). The file is not trusted; nothing of it is executed.
 *
 * The release: of raw BTF, the caller's word, else that of the running kernel if the file is the
 * running kernel's, else the version whose kfuncs are most like it. An ELF file says it in its
 * banner.
 */
#include "kernel/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/mem.h"

#define RUNNING_BTF "/sys/kernel/btf/vmlinux"
#define MAX_BTF     (16u << 20)
#define MAX_PACKED  (256u << 20)
/* nobody knows how many CPUs an image will run on: what distributions configure at most */
#define IMAGE_CPUS 8192
static const char banner[] = "Linux version ";

int image_fail(const struct image *img, int err, const char *fmt, ...)
{
	va_list ap;

	if (!img->why || !img->why_size)
		return err;
	va_start(ap, fmt);
	vsnprintf(img->why, img->why_size, fmt, ap);
	va_end(ap);
	return err;
}

int image_read(const struct image *img, uint64_t off, void *buf, size_t n)
{
	uint8_t *p = buf;

	if (off > img->size || n > img->size - off)
		return -EINVAL;
	if (img->mem) {
		memcpy(buf, img->mem + off, n);
		return 0;
	}
	while (n) {
		ssize_t got = pread(img->fd, p, n, off);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) /* 0: the file became shorter */
			return got < 0 ? -EIO : -EINVAL;
		p += got;
		off += got;
		n -= got;
	}
	return 0;
}

static int read_whole(const struct image *img, uint64_t limit, uint8_t **out)
{
	int err;

	*out = NULL;
	if (img->size > limit)
		return image_fail(img, -EFBIG,
				  "%llu bytes are too many for a kernel file of its kind",
				  (unsigned long long)img->size);
	*out = mem_alloc(img->size);
	if (!*out)
		return image_fail(img, -ENOMEM, "out of memory");
	err = image_read(img, 0, *out, img->size);
	if (err) {
		mem_free(*out);
		*out = NULL;
		return image_fail(img, err, "the file cannot be read to its end");
	}
	return 0;
}

static struct btf_obj *parse_btf(const struct image *img, const void *data, size_t size, int *err)
{
	char why[160];
	struct btf_obj *btf = btf_parse(data, size, NULL, "vmlinux", why, sizeof(why), err);

	if (!btf)
		image_fail(img, *err, "its BTF is not valid: %s", why);
	return btf;
}

/* release gets the text, the version is returned; 0 with why */
static uint16_t choose_release(const struct image *img, const char *hint, const char *own,
			       const struct btf_obj *btf, char *release, size_t size)
{
	uint16_t v = 0;

	if (own && *own) {
		v = kernel_parse_release(own);
		snprintf(release, size, "%s", own);
	} else if (hint && *hint) {
		v = kernel_parse_release(hint);
		snprintf(release, size, "%s", hint);
		if (!v)
			image_fail(img, -EINVAL, "\"%s\" is not a kernel release", hint);
		return v;
	}
	if (!v) {
		v = kernel_guess_version(btf);
		snprintf(release, size, "unknown (judged as %d.%d)", v >> 8, v & 0xff);
	}
	if (!v)
		image_fail(img, -EOPNOTSUPP,
			   "the file does not say which release it is of, and has no known kfunc");
	return v;
}

/* Makes the kernel; kfuncs: read from the file, empty: to be looked up. */
static struct kfunc_kernel *make(const struct image *img, const char *release, uint16_t version,
				 struct btf_obj *btf, struct kernel_kfuncs *kfuncs, int *err)
{
	struct kfunc_kernel *k = kernel_new(release, version, btf);

	*err = -ENOMEM;
	if (!k)
		goto nomem;
	k->nr_cpus = IMAGE_CPUS;
	*err = 0;
	if (kfuncs->n)
		kernel_complete_kfuncs(k, kfuncs);
	else
		*err = kernel_listed_kfuncs(k, kfuncs);
	if (!*err)
		*err = kernel_register_kfuncs(k, kfuncs, img->why, img->why_size);
	if (!*err)
		return k;
	kernel_put(k);
nomem:
	if (*err == -ENOMEM)
		image_fail(img, *err, "out of memory");
	return NULL;
}

/* ---- raw BTF ---- */

static bool is_running_btf(const struct image *img)
{
	struct stat a, b;

	return fstat(img->fd, &a) == 0 && stat(RUNNING_BTF, &b) == 0 && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

static struct kfunc_kernel *open_btf(const struct image *img, const char *hint, int *err)
{
	struct kernel_kfuncs kfuncs = {0};
	struct kfunc_kernel *k = NULL;
	bool running = is_running_btf(img);
	char release[80];
	struct btf_obj *btf;
	struct utsname un;
	uint16_t version;
	uint8_t *p;

	*err = read_whole(img, MAX_BTF, &p);
	if (*err)
		return NULL;
	btf = parse_btf(img, p, img->size, err);
	mem_free(p);
	if (!btf)
		return NULL;
	if (running && !hint && uname(&un) == 0)
		hint = un.release;
	version = choose_release(img, hint, NULL, btf, release, sizeof(release));
	*err = hint ? -EINVAL : -EOPNOTSUPP;
	if (version)
		k = make(img, release, version, btf, &kfuncs, err);
	if (k && running && sysconf(_SC_NPROCESSORS_CONF) > 0)
		k->nr_cpus = sysconf(_SC_NPROCESSORS_CONF);
	mem_free(kfuncs.row);
	btf_put(btf);
	return k;
}

/* ---- ELF ---- */

/* "Linux version 6.1.0-18-cloud-amd64 (...": the word after "version" */
static int find_banner(const struct image_elf *elf, const char *section, char *release, size_t size)
{
	const struct image_section *s = image_elf_find(elf, section);
	const uint8_t *p, *at, *end;
	size_t i = 0;
	uint8_t *data;
	int err;

	if (!s || *release)
		return 0;
	data = image_elf_load(elf, s, &err);
	if (!data)
		return err;
	end = data + s->size;
	for (p = data; !*release && p < end; p = at + 1) {
		at = memmem(p, end - p, banner, sizeof(banner) - 1);
		if (!at)
			break;
		p = at + sizeof(banner) - 1;
		/* the format string of the same text has a % here */
		for (i = 0; p + i < end && i + 1 < size && p[i] > ' ' && p[i] < 127; i++)
			release[i] = p[i];
		release[i] = '\0';
		if (!kernel_parse_release(release))
			release[0] = '\0';
	}
	mem_free(data);
	return 0;
}

static struct kfunc_kernel *open_elf(const struct image *img, const char *hint, int *err)
{
	char own[80] = "", release[80];
	struct kernel_kfuncs kfuncs = {0};
	const struct image_section *s;
	struct kfunc_kernel *k = NULL;
	struct btf_obj *btf = NULL;
	struct image_elf elf;
	uint16_t version;
	uint8_t *p;

	*err = image_elf_open(&elf, img);
	if (*err)
		return NULL;
	s = image_elf_find(&elf, ".BTF");
	if (!s) {
		*err = image_fail(img, -EINVAL,
				  "the ELF file has no BTF: no kernel, or one built "
				  "without it");
		goto out;
	}
	p = image_elf_load(&elf, s, err);
	if (!p)
		goto out;
	btf = parse_btf(img, p, s->size, err);
	mem_free(p);
	if (!btf)
		goto out;
	*err = find_banner(&elf, ".rodata", own, sizeof(own));
	if (!*err)
		*err = find_banner(&elf, ".init.data", own, sizeof(own));
	if (*err)
		goto out;
	version = choose_release(img, hint, own, btf, release, sizeof(release));
	*err = hint ? -EINVAL : -EOPNOTSUPP;
	if (!version)
		goto out;
	*err = image_kfunc_sets(&elf, btf, &kfuncs);
	if (!*err)
		k = make(img, release, version, btf, &kfuncs, err);
out:
	mem_free(kfuncs.row);
	btf_put(btf);
	image_elf_close(&elf);
	return k;
}

/* ---- any ---- */

static struct kfunc_kernel *open_packed(const struct image *img, const char *hint, int *err)
{
	struct image whole = *img, inner = {.fd = -1, .why = img->why, .why_size = img->why_size};
	struct kfunc_kernel *k = NULL;
	size_t size = 0;

	*err = read_whole(img, MAX_PACKED, &whole.mem);
	if (!*err)
		*err = image_unpack(&whole, &inner.mem, &size);
	mem_free(whole.mem);
	if (*err)
		return NULL;
	inner.size = size;
	k = open_elf(&inner, hint, err);
	mem_free(inner.mem);
	return k;
}

static struct kfunc_kernel *open_any(const struct image *img, const char *hint, int *err)
{
	uint8_t head[8] = {0};
	uint16_t magic;

	*err = image_read(img, 0, head, img->size < 8 ? img->size : 8);
	if (*err) {
		image_fail(img, *err, "the file cannot be read");
		return NULL;
	}
	memcpy(&magic, head, sizeof(magic));
	if (magic == BTF_MAGIC || magic == __builtin_bswap16(BTF_MAGIC))
		return open_btf(img, hint, err);
	if (!memcmp(head, "\177ELF", 4))
		return open_elf(img, hint, err);
	return open_packed(img, hint, err);
}

struct kfunc_kernel *kernel_open_image(const char *path, const char *release, char *why,
				       size_t why_size, int *err)
{
	struct image img = {.fd = -1, .why = why, .why_size = why_size};
	struct kfunc_kernel *k = NULL;
	struct stat st;

	if (why && why_size)
		why[0] = '\0';
	img.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (img.fd < 0 || fstat(img.fd, &st) < 0) {
		*err = -errno;
		image_fail(&img, *err, "%s", strerror(-*err));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		*err = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
		image_fail(&img, *err,
			   S_ISDIR(st.st_mode) ? "this is a directory"
					       : "this is not an ordinary file");
		goto out;
	}
	if (!st.st_size) {
		*err = image_fail(&img, -EINVAL, "the file is empty");
		goto out;
	}
	img.size = st.st_size;
	k = open_any(&img, release, err);
out:
	if (img.fd >= 0)
		close(img.fd);
	return k;
}

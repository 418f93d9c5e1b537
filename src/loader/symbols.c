/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The running system's symbols, for externs without a type. Its list is long and is made anew each time
 * it is read, and libbpf takes it apart line by line with fscanf(): with a few such objects that was a
 * tenth of the time of a check of hundreds. Here the list is read once, and libbpf gets the lines that
 * name symbols of the object.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "loader/loader.h"

#define CHUNK (1u << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *text; /* all of it, until a kernel is closed */
static size_t text_len;

static int read_all(int fd)
{
	size_t size = 0;
	ssize_t n;

	do {
		if (mem_grow((void **)&text, &size, text_len + CHUNK, 1))
			return -ENOMEM;
		n = read(fd, text + text_len, size - text_len);
		if (n > 0)
			text_len += n;
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n < 0 ? -errno : 0;
}

static void forget(void)
{
	mem_free(text);
	text = NULL;
	text_len = 0;
}

static int read_once(void)
{
	int fd, err;

	if (text)
		return 0;
	fd = open("/proc/kallsyms", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = read_all(fd);
	close(fd);
	if (err)
		forget();
	return err;
}

void loader_symbols_forget(void)
{
	pthread_mutex_lock(&lock);
	forget();
	pthread_mutex_unlock(&lock);
}

/* "ffffffff81000000 T name" and more behind a tab. A compiler's copy, name.llvm.123, is called name, too. */
static bool is_wanted(const struct bpf_object *obj, const char *line, const char *end)
{
	const char *name = memchr(line, ' ', end - line), *stop;
	size_t len;

	name = name && end - name > 3 ? name + 3 : NULL;
	if (!name)
		return false;
	stop = memchr(name, '\t', end - name);
	len = (stop ? stop : end) - name;
	stop = memmem(name, len, ".llvm.", 6);
	return loader_wants_symbol(obj, name, len) ||
	       (stop && loader_wants_symbol(obj, name, stop - name));
}

/* Into lines, those that are wanted. 0 or -errno. */
static int filter(const struct bpf_object *obj, struct strbuf *lines)
{
	const char *line, *end;
	int err = read_once();

	if (err)
		return err;
	for (line = text; line < text + text_len; line = end + 1) {
		end = memchr(line, '\n', text + text_len - line);
		if (!end)
			end = text + text_len;
		if (is_wanted(obj, line, end))
			strbuf_printf(lines, "%.*s\n", (int)(end - line), line);
	}
	return lines->err;
}

FILE *loader_symbols_open(void)
{
	const struct loader_session *s = loader_session();
	struct strbuf lines = {0};
	FILE *f = NULL;
	int err;

	if (!s || !s->obj || !s->obj->bpf)
		return fopen("/proc/kallsyms", "re");
	pthread_mutex_lock(&lock);
	err = filter(s->obj->bpf, &lines);
	pthread_mutex_unlock(&lock);
	if (!err) {
		f = fmemopen(NULL, lines.len + 1, "w+");
		err = f ? 0 : -errno;
	}
	if (f) {
		fputs(strbuf_str(&lines), f);
		fflush(f);
		rewind(f);
	}
	strbuf_free(&lines);
	errno = -err;
	return f;
}

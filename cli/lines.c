/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Where a host's functions stand in its source: from DWARF through libdw, and the text there if the
 * file can be read. All of it is a courtesy: without debug information or source there is simply
 * nothing to show.
 */
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli.h"
#include "host.h"

#define MAX_SOURCE (16u << 20)

struct reading {
	struct host_line *v;
	size_t cap;
	uint32_t n;
	const char *dir; /* of the compilation unit */
	int err;
};

static int add_func(Dwarf_Die *die, void *arg)
{
	const char *name = dwarf_diename(die), *file = dwarf_decl_file(die);
	struct reading *r = arg;
	struct host_line *l;
	char path[8192];
	int line;

	if (!name || !file || dwarf_decl_line(die, &line))
		return DWARF_CB_OK;
	if (*file == '/' || !r->dir)
		snprintf(path, sizeof(path), "%s", file);
	else
		snprintf(path, sizeof(path), "%s/%s", r->dir, file);
	r->err = mem_grow((void **)&r->v, &r->cap, r->n + 1, sizeof(*r->v));
	if (r->err)
		return DWARF_CB_ABORT;
	l = &r->v[r->n++];
	l->func = mem_strdup(name);
	l->file = mem_strdup(path);
	l->line = line;
	if (!l->func || !l->file)
		r->err = -ENOMEM;
	return r->err ? DWARF_CB_ABORT : DWARF_CB_OK;
}

static void read_units(Dwarf *dw, struct reading *r)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	uint8_t type;

	while (!r->err && !dwarf_get_units(dw, cu, &cu, NULL, &type, &die, NULL)) {
		Dwarf_Attribute dir;

		if (type != DW_UT_compile)
			continue;
		r->dir = dwarf_formstring(dwarf_attr(&die, DW_AT_comp_dir, &dir));
		dwarf_getfuncs(&die, add_func, r, 0);
	}
}

int cli_lines_read(const char *path, struct host_line **lines, uint32_t *n)
{
	struct reading r = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Dwarf *dw = fd < 0 ? NULL : dwarf_begin(fd, DWARF_C_READ);

	if (dw) {
		read_units(dw, &r);
		dwarf_end(dw);
	}
	if (fd >= 0)
		close(fd);
	*lines = r.v;
	*n = r.n;
	return r.err;
}

void cli_lines_free(struct host_line *lines, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		mem_free(lines[i].func);
		mem_free(lines[i].file);
	}
	mem_free(lines);
}

/* ---- source text ---- */

/* The file, NUL-terminated, or NULL */
static char *read_source(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	struct stat st;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size <= MAX_SOURCE)
		text = mem_alloc(st.st_size + 1);
	if (text)
		got = read(fd, text, st.st_size);
	close(fd);
	if (got < 0) {
		mem_free(text);
		return NULL;
	}
	text[got] = '\0';
	return text;
}

/* The start of line n (from 1), or NULL */
static const char *line_start(const char *text, uint32_t n)
{
	while (--n && text) {
		text = strchr(text, '\n');
		text += text ? 1 : 0;
	}
	return text;
}

bool cli_source_line(const struct host_line *at, struct strbuf *out)
{
	char *text = read_source(at->file);
	const char *p = text && at->line ? line_start(text, at->line) : NULL;

	if (p)
		strbuf_add(out, p, strcspn(p, "\n"));
	mem_free(text);
	return p && !out->err;
}

/*
 * Where the comment begins that ends right before p; NULL: none. Attributes may stand in between, but no
 * definition or statement that begins like one; and what stands behind code is about that code.
 */
static const char *comment_before(const char *text, const char *p)
{
	const char *start, *line;

	for (;;) {
		while (p > text && strchr(" \t\n", p[-1]))
			p--;
		if (p - text >= 4 && p[-1] == '/' && p[-2] == '*')
			break;
		for (line = p; line > text && line[-1] != '\n';)
			line--;
		/* __bpf_kfunc on a line of its own */
		if (p == text || strncmp(line, "__", 2) || strchr(";{}", p[-1]))
			return NULL;
		p = line;
	}
	for (start = p - 4; start > text && strncmp(start, "/*", 2);)
		start--;
	for (line = start; line > text && strchr(" \t", line[-1]);)
		line--;
	return strncmp(start, "/*", 2) || (line > text && line[-1] != '\n') ? NULL : start;
}

bool cli_comment_above(const struct host_line *at, struct strbuf *out)
{
	char *text = read_source(at->file);
	const char *def = text && at->line ? line_start(text, at->line) : NULL;
	const char *p = def ? comment_before(text, def) : NULL, *end;
	size_t first = out->len;

	if (p) {
		end = strstr(p, "*/");
		for (p += strspn(p, "/*"); p < end;) {
			size_t n = strcspn(p, "\n"), keep;

			if (p + n > end)
				n = end - p;
			for (keep = n; keep && strchr(" \t", p[keep - 1]);)
				keep--;
			strbuf_add(out, p, keep);
			strbuf_puts(out, "\n");
			p += n;
			if (p >= end)
				break;
			p += 1 + strspn(p + 1, " \t");
			if (*p == '*' && p < end)
				p += p[1] == ' ' ? 2 : 1;
		}
		while (out->len > first && strchr(" \n", out->s[out->len - 1]))
			out->s[--out->len] = '\0';
		while (out->len > first && strchr(" \n\t", out->s[first])) {
			memmove(out->s + first, out->s + first + 1, out->len - first);
			out->len--;
		}
	}
	mem_free(text);
	return out->len > first && !out->err;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Finds the mounts of control group hierarchies in /proc/self/mountinfo. A version 1 hierarchy is
 * known by its controllers, or by its name if it has none; both are among the options of its
 * superblock, which stand last in the line.
 */
#include "runtime/cgroup_mount.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Undoes the octal escapes of mountinfo, in place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++, out++) {
		if (s[0] == '\\' && s[1] && s[2] && s[3]) {
			*out = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*out = *s;
		}
	}
	*out = 0;
}

/* Whether a list with commas has the first len bytes of word as one of its items */
static bool listed(const char *list, const char *word, size_t len)
{
	for (; *list; list += strcspn(list, ","), list += *list == ',')
		if (strcspn(list, ",\n") == len && !strncmp(list, word, len))
			return true;
	return false;
}

/* Whether a superblock's options have every one of controllers */
static bool has_controllers(const char *options, const char *controllers)
{
	while (*controllers) {
		size_t len = strcspn(controllers, ",");

		if (!listed(options, controllers, len))
			return false;
		controllers += len;
		controllers += *controllers == ',';
	}
	return true;
}

static bool wanted(const char *line, const char *controllers)
{
	const char *dash = strstr(line, controllers ? " - cgroup " : " - cgroup2 ");
	const char *options;

	if (!dash || !controllers)
		return dash != NULL;
	options = strchr(dash + strlen(" - cgroup "), ' '); /* behind the source */
	return options && *controllers && has_controllers(options + 1, controllers);
}

int cgroup_mount_find(const char *controllers, struct cgroup_mount *m)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	unsigned int major, minor;
	char *line = NULL;
	size_t cap = 0;
	int ret = -ENOENT;

	if (!f)
		return -errno;
	while (ret && getline(&line, &cap, f) > 0) {
		if (!wanted(line, controllers) || sscanf(line, "%*d %*d %u:%u %4095s %4095s",
							 &major, &minor, m->root, m->dir) != 4)
			continue;
		m->dev = (uint64_t)major << 32 | minor;
		unescape(m->root);
		unescape(m->dir);
		ret = 0;
	}
	free(line);
	fclose(f);
	return ret;
}

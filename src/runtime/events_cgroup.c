/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Directories that appear and vanish in the control group hierarchy, followed with inotify.
 *
 * Every directory has a watch and holds its object, so that a removal can still be raised with the
 * group it was. A directory made inside a new one before that was watched is found by looking into
 * each new directory after its watch is set; whichever way it is met first, it is raised once,
 * since it then has a watch. Parents come before their children.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/events_impl.h"

#define DIR_BUCKETS 256

struct watched {
	struct watched *next;
	int wd;
	struct cgroup *group; /* held */
	char path[];          /* from the root: "/", "/a/b" */
};

struct rt_watch {
	struct rt_events_run *run;
	int fd;
	struct watched *table[DIR_BUCKETS]; /* by wd */
	char root[PATH_MAX];
};

static struct watched *by_wd(struct rt_watch *w, int wd)
{
	struct watched *d = w->table[(uint32_t)wd % DIR_BUCKETS];

	while (d && d->wd != wd)
		d = d->next;
	return d;
}

static void drop_dir(struct rt_watch *w, struct watched *d)
{
	struct watched **p = &w->table[(uint32_t)d->wd % DIR_BUCKETS];

	while (*p != d)
		p = &(*p)->next;
	*p = d->next;
	rt_cgroup_put(d->group);
	mem_free(d);
}

static void fire(struct rt_watch *w, int tp, const struct watched *d, uint64_t *count)
{
	uint64_t args[2] = {(uintptr_t)d->group, (uintptr_t)d->path};

	rt_tracepoint_fire(w->run->tp[tp], args);
	++*count;
}

/* Watches a directory. 1: new; 0: watched already, or gone; -errno. */
static int add_dir(struct rt_watch *w, const char *path, struct watched **added)
{
	char full[PATH_MAX * 2];
	struct watched *d;
	int wd;

	snprintf(full, sizeof(full), "%s%s", w->root, path);
	wd = inotify_add_watch(w->fd, full, IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW);
	if (wd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	if (by_wd(w, wd))
		return 0;
	d = mem_zalloc(sizeof(*d) + strlen(path) + 1);
	if (!d)
		return -ENOMEM;
	d->wd = wd;
	strcpy(d->path, path);
	d->group = rt_cgroup_get_path(path);
	if (!d->group) { /* removed meanwhile */
		inotify_rm_watch(w->fd, wd);
		mem_free(d);
		return 0;
	}
	d->next = w->table[(uint32_t)wd % DIR_BUCKETS];
	w->table[(uint32_t)wd % DIR_BUCKETS] = d;
	*added = d;
	return 1;
}

static void join(char *out, size_t size, const char *dir, const char *name)
{
	snprintf(out, size, "%s%s%s", dir, dir[1] ? "/" : "", name);
}

/* Watches path and everything below it; raise_new: these directories are news. */
static int add_tree(struct rt_watch *w, const char *path, bool raise_new)
{
	char full[PATH_MAX * 2], below[PATH_MAX];
	struct watched *d = NULL;
	struct dirent *e;
	int ret = add_dir(w, path, &d);
	DIR *dir;

	if (ret < 0)
		return ret;
	if (ret == 0) {
		w->run->res.missed += raise_new && !rt_cgroup_path_exists(path);
		return 0;
	}
	if (raise_new)
		fire(w, TP_MKDIR, d, &w->run->res.mkdirs);
	snprintf(full, sizeof(full), "%s%s", w->root, path);
	dir = opendir(full);
	ret = 0;
	while (dir && !ret && (e = readdir(dir))) {
		if ((e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, ".."))
			continue;
		join(below, sizeof(below), path, e->d_name);
		ret = add_tree(w, below, raise_new);
	}
	if (dir)
		closedir(dir);
	return ret;
}

static void removed(struct rt_watch *w, const char *path)
{
	uint32_t b;

	for (b = 0; b < DIR_BUCKETS; b++) {
		struct watched *d = w->table[b];

		while (d && strcmp(d->path, path))
			d = d->next;
		if (!d)
			continue;
		fire(w, TP_RMDIR, d, &w->run->res.rmdirs);
		rt_cgroup_ended(d->group);
		drop_dir(w, d);
		return;
	}
}

static void handle(struct rt_watch *w, const struct inotify_event *ev)
{
	struct watched *d = by_wd(w, ev->wd);
	char path[PATH_MAX];

	if (ev->mask & IN_Q_OVERFLOW)
		w->run->res.missed++;
	if (!d || !(ev->mask & IN_ISDIR) || !ev->len)
		return;
	join(path, sizeof(path), d->path, ev->name);
	if (ev->mask & IN_CREATE)
		(void)add_tree(w, path, true);
	else if (ev->mask & IN_DELETE)
		removed(w, path);
}

void rt_watch_read(struct rt_watch *w)
{
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(w->fd, buf, sizeof(buf))) > 0) {
		ssize_t at = 0;

		while (at < n) {
			const struct inotify_event *ev = (const void *)(buf + at);

			handle(w, ev);
			at += (ssize_t)(sizeof(*ev) + ev->len);
		}
	}
}

int rt_watch_fd(const struct rt_watch *w)
{
	return w->fd;
}

struct rt_watch *rt_watch_open(struct rt_events_run *run, int *err)
{
	struct rt_watch *w = mem_zalloc(sizeof(*w));

	*err = -ENOMEM;
	if (!w)
		return NULL;
	w->run = run;
	(void)rt_cgroup_root_dir(w->root, sizeof(w->root));
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	*err = w->fd < 0 ? -errno : !w->root[0] ? -ENOENT : 0;
	if (!*err && !strcmp(w->root, "/"))
		w->root[0] = 0;
	if (!*err)
		*err = add_tree(w, "/", false);
	if (*err) {
		rt_watch_close(w);
		return NULL;
	}
	return w;
}

void rt_watch_close(struct rt_watch *w)
{
	uint32_t b;

	if (!w)
		return;
	for (b = 0; b < DIR_BUCKETS; b++)
		while (w->table[b])
			drop_dir(w, w->table[b]);
	if (w->fd >= 0)
		close(w->fd);
	mem_free(w);
}

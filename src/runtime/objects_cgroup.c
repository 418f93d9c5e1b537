/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Control groups: struct cgroup objects made from the directories of the cgroup2 hierarchy, or of
 * any directory tree that stands in for it (objects.h). kfunc spec 12.2 says what the kfuncs over
 * them do.
 *
 * The id of a group is what the kernel calls its cgroup id: the file handle of its directory; in an
 * ordinary file system, the inode number. A group whose directory is gone, or whose place was taken
 * by another, is no longer found; who holds it keeps a readable object with its ancestors.
 *
 * A group's lookups walk from the root, so all its ancestors exist as objects, and it holds a
 * reference on its parent: ancestors[] is valid for as long as the object.
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/objects_task.h"
#include "runtime/proc.h"

#define CGROUP_BUCKETS 256
#define MAX_LEVEL      64
#define MAX_SEARCH     65536 /* directories looked at for one id */

struct rt_cgroup {
	struct rcu_head rcu;
	struct rt_cgroup *next;
	struct rt_cgroup *parent; /* held */
	struct kernfs_node kn;
	char *path; /* from the root, "" for the root itself */
	char name[NAME_MAX + 1];
	struct cgroup c; /* last: ancestors follow */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct rt_cgroup *groups[CGROUP_BUCKETS];
static _Atomic uint64_t n_alive;
static uint64_t next_serial;
static struct {
	bool chosen, cgroup2;
	int fd; /* O_PATH of dir; -1: none */
	char dir[PATH_MAX];
	char mount_root[PATH_MAX]; /* which part of the hierarchy is mounted there */
	struct cgroup_root root;
} top = {.fd = -1};

uint64_t rt_cgroups_alive(void)
{
	return atomic_load(&n_alive);
}

static struct rt_cgroup *object_of(struct cgroup *c)
{
	return (struct rt_cgroup *)((char *)c - offsetof(struct rt_cgroup, c));
}

/* ---- references ---- */

static void cgroup_free(struct rcu_head *head)
{
	struct rt_cgroup *o = (struct rt_cgroup *)((char *)head - offsetof(struct rt_cgroup, rcu));

	if (o->parent)
		rt_cgroup_put(&o->parent->c);
	mem_free(o->path);
	mem_free(o);
	atomic_fetch_sub(&n_alive, 1);
}

bool rt_cgroup_try_get(struct cgroup *c)
{
	int *refs = &c->refcnt.refs.counter;
	int old = __atomic_load_n(refs, __ATOMIC_RELAXED);

	do {
		if (old <= 0)
			return false;
	} while (!__atomic_compare_exchange_n(refs, &old, old + 1, true, __ATOMIC_ACQUIRE,
					      __ATOMIC_RELAXED));
	return true;
}

void rt_cgroup_put(struct cgroup *c)
{
	if (c && __atomic_sub_fetch(&c->refcnt.refs.counter, 1, __ATOMIC_ACQ_REL) == 0)
		rt_rcu_call(&object_of(c)->rcu, cgroup_free);
}

bool rt_cgroup_is_under(const struct cgroup *c, const struct cgroup *ancestor)
{
	return ancestor->level <= c->level && c->ancestors[ancestor->level] == ancestor;
}

/* ---- the root ---- */

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

/* Finds the first cgroup2 mount: its directory and which part of the hierarchy it shows. */
static int find_mount(char *dir, char *root)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t cap = 0;
	int ret = -ENOENT;

	if (!f)
		return -errno;
	while (ret && getline(&line, &cap, f) > 0) {
		char *dash = strstr(line, " - cgroup2 ");

		if (!dash || sscanf(line, "%*d %*d %*s %4095s %4095s", root, dir) != 2)
			continue;
		unescape(root);
		unescape(dir);
		ret = 0;
	}
	free(line);
	fclose(f);
	return ret;
}

/* under lock */
static int choose_root(const char *given)
{
	char dir[PATH_MAX], root[PATH_MAX] = "/";
	struct statfs sfs;
	int fd, err = 0;

	if (given)
		snprintf(dir, sizeof(dir), "%s", given);
	else
		err = find_mount(dir, root);
	fd = err ? -1 : open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (!err && fd < 0)
		err = -errno;
	if (err && given)
		return err;
	if (top.fd >= 0)
		close(top.fd);
	memset(&top.root, 0, sizeof(top.root));
	top.fd = fd;
	top.chosen = true;
	top.cgroup2 = fd >= 0 && !fstatfs(fd, &sfs) && sfs.f_type == CGROUP2_SUPER_MAGIC;
	snprintf(top.dir, sizeof(top.dir), "%s", fd >= 0 ? dir : "");
	snprintf(top.mount_root, sizeof(top.mount_root), "%s", root);
	return err;
}

int rt_cgroup_set_root(const char *dir)
{
	int err;

	rt_tasks_forget(); /* they point to groups of the old root */
	rt_cgroups_forget();
	pthread_mutex_lock(&lock);
	err = choose_root(dir);
	pthread_mutex_unlock(&lock);
	return err;
}

bool rt_cgroup_root_dir(char *buf, size_t size)
{
	bool cgroup2;

	pthread_mutex_lock(&lock);
	if (!top.chosen)
		choose_root(NULL);
	snprintf(buf, size, "%s", top.dir);
	cgroup2 = top.cgroup2;
	pthread_mutex_unlock(&lock);
	return cgroup2;
}

/* ---- directories ---- */

/* Id of a directory, 0 if it is not there. */
static uint64_t dir_id(int dirfd, const char *path)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u;
	struct stat sb;
	uint64_t id;
	int mount;

	if (dirfd < 0)
		return 0;
	if (top.cgroup2) {
		u.h.handle_bytes = MAX_HANDLE_SZ;
		if (!name_to_handle_at(dirfd, path, &u.h, &mount, *path ? 0 : AT_EMPTY_PATH) &&
		    u.h.handle_bytes == sizeof(id)) {
			memcpy(&id, u.h.f_handle, sizeof(id));
			return id;
		}
	}
	if (fstatat(dirfd, path, &sb, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) || !S_ISDIR(sb.st_mode))
		return 0;
	return sb.st_ino;
}

/* ---- the table; under lock ---- */

static void table_remove(struct rt_cgroup *o)
{
	struct rt_cgroup **p = &groups[o->kn.id % CGROUP_BUCKETS];

	while (*p && *p != o)
		p = &(*p)->next;
	if (!*p)
		return;
	*p = o->next;
	o->next = NULL;
	rt_cgroup_put(&o->c);
}

static struct rt_cgroup *table_find(uint64_t id)
{
	struct rt_cgroup *o;

	for (o = groups[id % CGROUP_BUCKETS]; o && o->kn.id != id; o = o->next)
		;
	return o;
}

static bool still_there(const struct rt_cgroup *o)
{
	return !*o->path || dir_id(top.fd, o->path) == o->kn.id;
}

/* A new object for the directory path (from the root, "" for it), with the table's reference. */
static struct rt_cgroup *group_new(struct rt_cgroup *parent, uint64_t id, const char *path,
				   const char *name)
{
	int level = parent ? parent->c.level + 1 : 0;
	struct rt_cgroup *o;
	struct stat sb;

	o = mem_zalloc(sizeof(*o) + ((size_t)level + 1) * sizeof(o->c.ancestors[0]));
	if (!o)
		return NULL;
	o->path = mem_strdup(path);
	if (!o->path) {
		mem_free(o);
		return NULL;
	}
	atomic_fetch_add(&n_alive, 1);
	snprintf(o->name, sizeof(o->name), "%s", name);
	if (parent && rt_cgroup_try_get(&parent->c))
		o->parent = parent;
	o->kn.count.counter = 1;
	o->kn.name = o->name;
	o->kn.id = id;
	o->kn.priv = &o->c;
	o->kn.parent = o->kn.__parent = parent ? &parent->kn : NULL;
	if (top.fd >= 0 && !fstatat(top.fd, path, &sb, AT_EMPTY_PATH))
		o->kn.mode = (umode_t)sb.st_mode;
	o->c.self.cgroup = &o->c;
	o->c.self.id = (int)(id & INT_MAX);
	o->c.self.serial_nr = ++next_serial;
	o->c.self.parent = parent ? &parent->c.self : NULL;
	o->c.level = level;
	o->c.kn = &o->kn;
	o->c.root = &top.root;
	o->c.refcnt.refs.counter = 1;
	if (parent)
		memcpy(o->c.ancestors, parent->c.ancestors,
		       (size_t)level * sizeof(o->c.ancestors[0]));
	o->c.ancestors[level] = &o->c;
	o->next = groups[id % CGROUP_BUCKETS];
	groups[id % CGROUP_BUCKETS] = o;
	return o;
}

/* The object of one directory, made if need be; borrowed from the table. */
static struct rt_cgroup *group_at(struct rt_cgroup *parent, const char *path, const char *name)
{
	uint64_t id = dir_id(top.fd, path);
	struct rt_cgroup *o;

	if (!id && *path)
		return NULL;
	if (!id)
		id = 1; /* the root of a hierarchy that is not mounted */
	o = table_find(id);
	if (o && o->parent == parent && !strcmp(o->path, path))
		return o;
	if (o)
		table_remove(o);
	o = group_new(parent, id, path, name);
	if (o && !parent)
		top.root.root_cgrp = &o->c;
	return o;
}

/* Borrowed from the table; NULL when the path names no directory below the root. */
static struct rt_cgroup *walk(const char *path)
{
	char sofar[PATH_MAX] = "", name[NAME_MAX + 1];
	struct rt_cgroup *o;
	size_t len = 0;

	if (!top.chosen)
		choose_root(NULL);
	o = group_at(NULL, "", "/");
	while (o) {
		size_t n;

		path += strspn(path, "/");
		n = strcspn(path, "/");
		if (!n)
			return o;
		if (n > NAME_MAX || len + n + 2 > sizeof(sofar) || o->c.level >= MAX_LEVEL)
			return NULL;
		memcpy(name, path, n);
		name[n] = 0;
		if (!strcmp(name, ".") || !strcmp(name, ".."))
			return NULL;
		if (len)
			sofar[len++] = '/';
		memcpy(sofar + len, name, n + 1);
		len += n;
		path += n;
		o = group_at(o, sofar, name);
	}
	return NULL;
}

struct cgroup *rt_cgroup_get_path(const char *path)
{
	struct rt_cgroup *o;

	pthread_mutex_lock(&lock);
	o = walk(path);
	if (o && !rt_cgroup_try_get(&o->c))
		o = NULL;
	pthread_mutex_unlock(&lock);
	return o ? &o->c : NULL;
}

bool rt_cgroup_path_exists(const char *path)
{
	bool there;

	pthread_mutex_lock(&lock);
	there = walk(path) != NULL;
	pthread_mutex_unlock(&lock);
	return there;
}

struct cgroup *rt_cgroup_get_task(const struct task_struct *t)
{
	char path[PATH_MAX];
	struct rt_cgroup *o = NULL;
	size_t len;

	pthread_mutex_lock(&lock);
	if (!top.chosen)
		choose_root(NULL);
	len = strcmp(top.mount_root, "/") ? strlen(top.mount_root) : 0;
	if (top.cgroup2 && !proc_read_cgroup(t->pid, path, sizeof(path)) &&
	    !strncmp(path, top.mount_root, len) && (!path[len] || path[len] == '/'))
		o = walk(path + len);
	if (!o)
		o = walk("/");
	if (o && !rt_cgroup_try_get(&o->c))
		o = NULL;
	pthread_mutex_unlock(&lock);
	return o ? &o->c : NULL;
}

/* ---- by id ---- */

/* Looks below the directory path for one with this id; its path is then in path. */
static bool search(uint64_t id, char *path, size_t len, uint32_t *budget)
{
	int fd = openat(top.fd, len ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	bool found = false;
	struct dirent *e;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while (!found && *budget && (e = readdir(d))) {
		size_t n = strlen(e->d_name), at = len ? len + 1 : 0;

		if ((e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, "..") || at + n + 1 > PATH_MAX)
			continue;
		--*budget;
		if (len)
			path[len] = '/';
		memcpy(path + at, e->d_name, n + 1);
		found = dir_id(top.fd, path) == id || search(id, path, at + n, budget);
		if (!found)
			path[len] = 0;
	}
	closedir(d);
	return found;
}

struct cgroup *rt_cgroup_get_id(uint64_t id)
{
	char path[PATH_MAX] = "";
	uint32_t budget = MAX_SEARCH;
	struct rt_cgroup *o;

	pthread_mutex_lock(&lock);
	if (!top.chosen)
		choose_root(NULL);
	o = table_find(id);
	if (o && !still_there(o)) {
		table_remove(o);
		o = NULL;
	}
	if (!o) {
		o = walk("/");
		if (o && o->kn.id != id)
			o = top.fd >= 0 && search(id, path, 0, &budget) ? walk(path) : NULL;
	}
	if (o && (o->kn.id != id || !rt_cgroup_try_get(&o->c)))
		o = NULL;
	pthread_mutex_unlock(&lock);
	return o ? &o->c : NULL;
}

/* ---- all below one; under lock ---- */

struct below {
	bool post;
	int (*fn)(void *ctx, struct cgroup *c);
	void *ctx;
	uint32_t budget;
	char path[PATH_MAX];
};

static int visit(struct below *b, struct rt_cgroup *o, size_t len);

/* The directories in the one at b->path (len bytes), which is that of o */
static int visit_children(struct below *b, struct rt_cgroup *o, size_t len)
{
	int fd = top.fd < 0 ? -1 : openat(top.fd, len ? b->path : ".",
					  O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *e;
	int ret = 0;

	if (!d) {
		if (fd >= 0)
			close(fd);
		return 0; /* removed meanwhile */
	}
	while (!ret && b->budget && o->c.level < MAX_LEVEL && (e = readdir(d))) {
		size_t n = strlen(e->d_name), at = len ? len + 1 : 0;
		struct rt_cgroup *child;

		if ((e->d_type != DT_DIR && e->d_type != DT_UNKNOWN) || !strcmp(e->d_name, ".") ||
		    !strcmp(e->d_name, "..") || at + n + 1 > sizeof(b->path))
			continue;
		b->budget--;
		if (len)
			b->path[len] = '/';
		memcpy(b->path + at, e->d_name, n + 1);
		child = group_at(o, b->path, e->d_name);
		if (child)
			ret = visit(b, child, at + n);
		b->path[len] = 0;
	}
	closedir(d);
	return ret;
}

static int visit(struct below *b, struct rt_cgroup *o, size_t len)
{
	int ret = b->post ? 0 : b->fn(b->ctx, &o->c);

	if (!ret)
		ret = visit_children(b, o, len);
	return ret || !b->post ? ret : b->fn(b->ctx, &o->c);
}

int rt_cgroup_below(struct cgroup *c, bool post, int (*fn)(void *ctx, struct cgroup *c), void *ctx)
{
	struct below b = {.post = post, .fn = fn, .ctx = ctx, .budget = MAX_SEARCH};
	struct rt_cgroup *o = object_of(c);
	int ret;

	pthread_mutex_lock(&lock);
	snprintf(b.path, sizeof(b.path), "%s", o->path);
	/* one that was removed, or is of a root that was left, has nothing below it any more */
	if (table_find(o->kn.id) == o && still_there(o))
		ret = visit(&b, o, strlen(b.path));
	else
		ret = fn(ctx, c);
	pthread_mutex_unlock(&lock);
	return ret;
}

/* ---- letting go ---- */

void rt_cgroup_ended(struct cgroup *c)
{
	pthread_mutex_lock(&lock);
	table_remove(object_of(c));
	pthread_mutex_unlock(&lock);
}

static void drop(bool all)
{
	uint32_t b;

	pthread_mutex_lock(&lock);
	for (b = 0; b < CGROUP_BUCKETS; b++) {
		struct rt_cgroup *o = groups[b], *next;

		for (; o; o = next) {
			next = o->next;
			if (all || !still_there(o))
				table_remove(o);
		}
	}
	pthread_mutex_unlock(&lock);
}

void rt_cgroups_reap(void)
{
	drop(false);
}

void rt_cgroups_forget(void)
{
	drop(true);
}

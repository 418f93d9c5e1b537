/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Control groups: struct cgroup objects made from the directories of the cgroup2 hierarchy, or of
 * any directory tree that stands in for it (objects.h), and of the version 1 hierarchies that are
 * mounted. kfunc spec 12.2 says what the kfuncs over them do.
 *
 * The id of a group is what the kernel calls its cgroup id: the file handle of its directory; in an
 * ordinary file system, the inode number. A group whose directory is gone, or whose place was taken
 * by another, is no longer found; who holds it keeps a readable object with its ancestors.
 *
 * A group's lookups walk from the root, so all its ancestors exist as objects, and it holds a
 * reference on its parent: ancestors[] is valid for as long as the object.
 *
 * Each hierarchy has a table of its own, since their ids overlap. A version 1 hierarchy is opened
 * when a task is first looked up in it, and again when another is mounted in its place.
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
#include "runtime/cgroup_mount.h"
#include "runtime/objects_task.h"
#include "runtime/proc.h"
#include "runtime/storage.h"

#define CGROUP_BUCKETS 256
#define MAX_LEVEL      64
#define MAX_SEARCH     65536 /* directories looked at for one id */

struct rt_cgroup {
	struct rcu_head rcu;
	struct hierarchy *h;
	struct rt_cgroup *next;
	struct rt_cgroup *parent; /* held */
	struct kernfs_node kn;
	char *path; /* from the root, "" for the root itself */
	char name[NAME_MAX + 1];
	struct cgroup c; /* last: ancestors follow */
};

struct hierarchy {
	struct hierarchy *next;
	bool chosen, kernfs;
	int fd; /* O_PATH of the mount's directory; -1: none */
	struct cgroup_mount mount;
	struct cgroup_root root;
	struct rt_cgroup *groups[CGROUP_BUCKETS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint64_t n_alive;
static uint64_t next_serial;
/* the default hierarchy, and behind it those of version 1; they stay for the life of the process */
static struct hierarchy top = {.fd = -1};

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

	rt_storage_owner_gone(&o->c);
	if (o->parent)
		rt_cgroup_put(&o->parent->c);
	mem_free(o->path);
	mem_free(o);
	atomic_fetch_sub(&n_alive, 1);
}

bool rt_cgroup_try_get(struct cgroup *c)
{
	return rt_refs_try_get(&c->refcnt.refs.counter);
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

/* Takes the mount's directory into use, if it can be opened; under lock. */
static int open_mount(struct hierarchy *h, const struct cgroup_mount *m)
{
	int fd = open(m->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs sfs;

	if (fd < 0)
		return -errno;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = fd;
	h->mount = *m;
	h->kernfs = !fstatfs(fd, &sfs) &&
		    (sfs.f_type == CGROUP2_SUPER_MAGIC || sfs.f_type == CGROUP_SUPER_MAGIC);
	return 0;
}

/* under lock */
static int choose_root(const char *given)
{
	struct cgroup_mount m = {.root = "/"};
	int err = 0;

	if (given)
		snprintf(m.dir, sizeof(m.dir), "%s", given);
	else
		err = cgroup_mount_find(NULL, &m);
	if (!err)
		err = open_mount(&top, &m);
	if (err && given)
		return err;
	if (err && top.fd >= 0) {
		close(top.fd);
		top.fd = -1;
	}
	if (err) {
		memset(&top.mount, 0, sizeof(top.mount));
		top.kernfs = false;
	}
	memset(&top.root, 0, sizeof(top.root));
	top.chosen = true;
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
	snprintf(buf, size, "%s", top.mount.dir);
	cgroup2 = top.kernfs;
	pthread_mutex_unlock(&lock);
	return cgroup2;
}

/* ---- directories ---- */

/* Id of a directory, 0 if it is not there. */
static uint64_t dir_id(const struct hierarchy *h, const char *path)
{
	union {
		struct file_handle h;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} u;
	struct stat sb;
	uint64_t id;
	int mount;

	if (h->fd < 0)
		return 0;
	if (h->kernfs) {
		u.h.handle_bytes = MAX_HANDLE_SZ;
		if (!name_to_handle_at(h->fd, path, &u.h, &mount, *path ? 0 : AT_EMPTY_PATH) &&
		    u.h.handle_bytes == sizeof(id)) {
			memcpy(&id, u.h.f_handle, sizeof(id));
			return id;
		}
	}
	if (fstatat(h->fd, path, &sb, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) || !S_ISDIR(sb.st_mode))
		return 0;
	return sb.st_ino;
}

/* ---- the table; under lock ---- */

static void table_remove(struct rt_cgroup *o)
{
	struct rt_cgroup **p = &o->h->groups[o->kn.id % CGROUP_BUCKETS];

	while (*p && *p != o)
		p = &(*p)->next;
	if (!*p)
		return;
	*p = o->next;
	o->next = NULL;
	rt_cgroup_put(&o->c);
}

static struct rt_cgroup *table_find(const struct hierarchy *h, uint64_t id)
{
	struct rt_cgroup *o;

	for (o = h->groups[id % CGROUP_BUCKETS]; o && o->kn.id != id; o = o->next)
		;
	return o;
}

static bool still_there(const struct rt_cgroup *o)
{
	return !*o->path || dir_id(o->h, o->path) == o->kn.id;
}

/* A new object for the directory path (from the root, "" for it), with the table's reference. */
static struct rt_cgroup *group_new(struct hierarchy *h, struct rt_cgroup *parent, uint64_t id,
				   const char *path, const char *name)
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
	o->h = h;
	snprintf(o->name, sizeof(o->name), "%s", name);
	if (parent && rt_cgroup_try_get(&parent->c))
		o->parent = parent;
	o->kn.count.counter = 1;
	o->kn.name = o->name;
	o->kn.id = id;
	o->kn.priv = &o->c;
	o->kn.parent = o->kn.__parent = parent ? &parent->kn : NULL;
	if (h->fd >= 0 && !fstatat(h->fd, path, &sb, AT_EMPTY_PATH))
		o->kn.mode = (umode_t)sb.st_mode;
	o->c.self.cgroup = &o->c;
	o->c.self.id = (int)(id & INT_MAX);
	o->c.self.serial_nr = ++next_serial;
	o->c.self.parent = parent ? &parent->c.self : NULL;
	o->c.level = level;
	o->c.kn = &o->kn;
	o->c.root = &h->root;
	o->c.refcnt.refs.counter = 1;
	if (parent)
		memcpy(o->c.ancestors, parent->c.ancestors,
		       (size_t)level * sizeof(o->c.ancestors[0]));
	o->c.ancestors[level] = &o->c;
	o->next = h->groups[id % CGROUP_BUCKETS];
	h->groups[id % CGROUP_BUCKETS] = o;
	return o;
}

/* The object of one directory, made if need be; borrowed from the table. */
static struct rt_cgroup *group_at(struct hierarchy *h, struct rt_cgroup *parent, const char *path,
				  const char *name)
{
	uint64_t id = dir_id(h, path);
	struct rt_cgroup *o;

	if (!id && *path)
		return NULL;
	if (!id)
		id = 1; /* the root of a hierarchy that is not mounted */
	o = table_find(h, id);
	if (o && o->parent == parent && !strcmp(o->path, path))
		return o;
	if (o)
		table_remove(o);
	o = group_new(h, parent, id, path, name);
	if (o && !parent)
		h->root.root_cgrp = &o->c;
	return o;
}

/* Borrowed from the table; NULL when the path names no directory below the root. */
static struct rt_cgroup *walk(struct hierarchy *h, const char *path)
{
	char sofar[PATH_MAX] = "", name[NAME_MAX + 1];
	struct rt_cgroup *o;
	size_t len = 0;

	if (h == &top && !top.chosen)
		choose_root(NULL);
	o = group_at(h, NULL, "", "/");
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
		o = group_at(h, o, sofar, name);
	}
	return NULL;
}

struct cgroup *rt_cgroup_get_path(const char *path)
{
	struct rt_cgroup *o;

	pthread_mutex_lock(&lock);
	o = walk(&top, path);
	if (o && !rt_cgroup_try_get(&o->c))
		o = NULL;
	pthread_mutex_unlock(&lock);
	return o ? &o->c : NULL;
}

bool rt_cgroup_path_exists(const char *path)
{
	bool there;

	pthread_mutex_lock(&lock);
	there = walk(&top, path) != NULL;
	pthread_mutex_unlock(&lock);
	return there;
}

/* The group at a path of the hierarchy, if the part of it that is mounted here has that. */
static struct rt_cgroup *seen_from_here(struct hierarchy *h, const char *path)
{
	size_t len = strcmp(h->mount.root, "/") ? strlen(h->mount.root) : 0;

	if (!h->kernfs || strncmp(path, h->mount.root, len) || (path[len] && path[len] != '/'))
		return NULL;
	return walk(h, path + len);
}

struct cgroup *rt_cgroup_get_task(const struct task_struct *t)
{
	char path[PATH_MAX];
	struct rt_cgroup *o = NULL;

	pthread_mutex_lock(&lock);
	if (!top.chosen)
		choose_root(NULL);
	if (!proc_read_cgroup(t->pid, 0, NULL, 0, path, sizeof(path)))
		o = seen_from_here(&top, path);
	if (!o)
		o = walk(&top, "/");
	if (o && !rt_cgroup_try_get(&o->c))
		o = NULL;
	pthread_mutex_unlock(&lock);
	return o ? &o->c : NULL;
}

/* Lets go of the groups of one hierarchy; under lock. */
static void drop(struct hierarchy *h, bool all)
{
	uint32_t b;

	for (b = 0; b < CGROUP_BUCKETS; b++) {
		struct rt_cgroup *o = h->groups[b], *next;

		for (; o; o = next) {
			next = o->next;
			if (all || !still_there(o))
				table_remove(o);
		}
	}
}

/* The version 1 hierarchy with this id, open at its mount of now, or NULL; under lock. */
static struct hierarchy *hierarchy1(int id, const char *controllers)
{
	struct hierarchy *h = top.next;
	struct cgroup_mount m;

	if (cgroup_mount_find(controllers, &m))
		return NULL;
	while (h && h->root.hierarchy_id != id)
		h = h->next;
	if (h && !strcmp(h->mount.dir, m.dir) && !strcmp(h->mount.root, m.root) &&
	    h->mount.dev == m.dev)
		return h;
	if (h)
		drop(h, true);
	if (!h) {
		h = mem_zalloc(sizeof(*h));
		if (!h)
			return NULL;
		h->fd = -1;
		h->chosen = true;
		h->root.hierarchy_id = id;
		if (!strncmp(controllers, "name=", 5))
			snprintf(h->root.name, sizeof(h->root.name), "%.63s", controllers + 5);
		h->next = top.next;
		top.next = h;
	}
	return open_mount(h, &m) ? NULL : h;
}

struct cgroup *rt_cgroup_get_task1(const struct task_struct *t, int hierarchy_id)
{
	char path[PATH_MAX], controllers[256];
	const struct rt_task *task = (const struct rt_task *)t;
	struct rt_cgroup *o = NULL;
	struct proc_stat now;
	struct hierarchy *h;

	if (hierarchy_id <= 0)
		return NULL;
	if (proc_read_cgroup(t->pid, hierarchy_id, controllers, sizeof(controllers), path,
			     sizeof(path)))
		return NULL;
	/* the thread id may belong to somebody else by now */
	if (proc_read_stat(t->pid, &now) || now.start != task->start_ticks)
		return NULL;
	pthread_mutex_lock(&lock);
	h = hierarchy1(hierarchy_id, controllers);
	if (h)
		o = seen_from_here(h, path);
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
		found = dir_id(&top, path) == id || search(id, path, at + n, budget);
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
	o = table_find(&top, id);
	if (o && !still_there(o)) {
		table_remove(o);
		o = NULL;
	}
	if (!o) {
		o = walk(&top, "/");
		if (o && o->kn.id != id)
			o = top.fd >= 0 && search(id, path, 0, &budget) ? walk(&top, path) : NULL;
	}
	if (o && (o->kn.id != id || !rt_cgroup_try_get(&o->c)))
		o = NULL;
	pthread_mutex_unlock(&lock);
	return o ? &o->c : NULL;
}

struct cgroup *rt_cgroup_get_fd(int fd)
{
	struct hierarchy at = {.fd = fd};
	struct stat mine, theirs;
	uint64_t id = 0;

	pthread_mutex_lock(&lock);
	if (!top.chosen)
		choose_root(NULL);
	at.kernfs = top.kernfs;
	if (top.fd >= 0 && !fstat(top.fd, &mine) && !fstat(fd, &theirs) &&
	    mine.st_dev == theirs.st_dev)
		id = dir_id(&at, "");
	pthread_mutex_unlock(&lock);
	return id ? rt_cgroup_get_id(id) : NULL;
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
	int top_fd = o->h->fd;
	int fd = top_fd < 0 ? -1
			    : openat(top_fd, len ? b->path : ".",
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
		child = group_at(o->h, o, b->path, e->d_name);
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
	if (table_find(o->h, o->kn.id) == o && still_there(o))
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

static void drop_everywhere(bool all)
{
	struct hierarchy *h;

	pthread_mutex_lock(&lock);
	for (h = &top; h; h = h->next)
		drop(h, all);
	pthread_mutex_unlock(&lock);
}

void rt_cgroups_reap(void)
{
	drop_everywhere(false);
}

void rt_cgroups_forget(void)
{
	drop_everywhere(true);
}

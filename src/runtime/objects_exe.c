/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The executable of a process: mm_struct.exe_file with its inode and the chain of directory entries
 * up to the root, so that a program can read name and path. Made anew when a process executes
 * something else; the old one goes after a grace period.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "runtime/objects_task.h"

struct rt_exe {
	struct rcu_head rcu;
	struct file file;
	struct inode inode;
	struct super_block sb;
	struct vfsmount mnt;
	char path[PATH_MAX];
	char text[PATH_MAX];   /* path with NULs for slashes: the names of the entries */
	struct dentry entry[]; /* [0]: the root, then one per component */
};

static void exe_free(struct rcu_head *head)
{
	mem_free((char *)head - offsetof(struct rt_exe, rcu));
}

void rt_exe_put(struct rt_exe *e)
{
	if (e)
		rt_rcu_call(&e->rcu, exe_free);
}

static void add_entry(struct rt_exe *e, size_t i, const char *name)
{
	struct dentry *d = &e->entry[i];

	d->d_name.name = (const unsigned char *)name;
	d->d_name.len = (u32)strlen(name);
	d->d_parent = i ? d - 1 : d;
	d->d_sb = &e->sb;
}

static struct rt_exe *exe_new(const char *path, const struct stat *sb, const struct cred *cred)
{
	struct rt_exe *e;
	size_t n = 1, i;
	char *p;

	for (i = 0; path[i]; i++)
		n += path[i] == '/';
	e = mem_zalloc(sizeof(*e) + n * sizeof(e->entry[0]));
	if (!e)
		return NULL;
	strcpy(e->path, path);
	strcpy(e->text, path);
	add_entry(e, 0, "/");
	n = 0;
	for (p = e->text; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (p[1] && p[1] != '/')
			add_entry(e, ++n, p + 1);
	}
	/* the entry before last was measured before its slash was cut */
	for (i = 1; i <= n; i++)
		e->entry[i].d_name.len = (u32)strlen((const char *)e->entry[i].d_name.name);
	e->sb.s_dev = (u32)sb->st_dev;
	e->inode.i_mode = (umode_t)sb->st_mode;
	e->inode.i_uid.val = sb->st_uid;
	e->inode.i_gid.val = sb->st_gid;
	e->inode.i_ino = sb->st_ino;
	e->inode.i_size = sb->st_size;
	e->inode.i_sb = &e->sb;
	e->entry[n].d_inode = &e->inode;
	e->file.f_mode = 1; /* read */
	e->file.f_inode = &e->inode;
	e->file.f_cred = cred;
	e->file.f_path.mnt = &e->mnt;
	e->file.f_path.dentry = &e->entry[n];
	return e;
}

/* Called under fill_lock. Where the link cannot be read (another user's process), there is no file.
 */
void rt_exe_refresh(struct rt_task *o)
{
	char link[32], path[PATH_MAX];
	struct rt_exe *old = o->exe, *e = NULL;
	struct stat sb;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)o->tid);
	n = readlink(link, path, sizeof(path) - 1);
	if (n > 0 && !stat(link, &sb)) {
		path[n] = 0;
		if (old && !strcmp(old->path, path) && old->inode.i_ino == sb.st_ino)
			return;
		e = exe_new(path, &sb, &o->cred);
	}
	o->exe = e;
	__atomic_store_n(&o->mm.exe_file, e ? &e->file : NULL, __ATOMIC_RELEASE);
	rt_exe_put(old);
}

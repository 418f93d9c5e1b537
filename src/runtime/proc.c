/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Reads /proc/PID/task/TID/{stat,status,cgroup}. A thread is always addressed through its own
 * /proc/TID, which exists for every thread id though listings show leaders only; the files in its
 * task directory hold per-thread numbers where those of /proc/PID hold sums.
 *
 * A process may end between any two steps: an open or read that fails with ESRCH or ENOENT is
 * reported as -ESRCH. Names may contain any byte, also ')': the last one ends the name.
 */
#include "runtime/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROC_TEXT 8192

/* Reads a whole small file into buf, NUL-terminated. Bytes read, or -errno. */
static ssize_t proc_slurp(pid_t tid, const char *file, char *buf, size_t size)
{
	char path[80];
	size_t len = 0;
	ssize_t n = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/%s", (int)tid, (int)tid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (len < size - 1) {
		n = read(fd, buf + len, size - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	if (n < 0)
		n = -errno;
	close(fd);
	buf[len] = 0;
	return n < 0 ? n : (ssize_t)len;
}

/* Fields 4..52 of a stat line, in order; only the listed ones are kept. */
#define STAT_FIELDS 53

int proc_read_stat(pid_t tid, struct proc_stat *st)
{
	char buf[PROC_TEXT], *open_par, *close_par, *p;
	long long f[STAT_FIELDS] = {0};
	ssize_t n = proc_slurp(tid, "stat", buf, sizeof(buf));
	size_t len;
	int i;

	if (n < 0)
		return (int)n;
	memset(st, 0, sizeof(*st));
	open_par = strchr(buf, '(');
	close_par = strrchr(buf, ')');
	if (!open_par || !close_par || close_par < open_par || close_par[1] != ' ' || !close_par[2])
		return -EPROTO;
	len = (size_t)(close_par - open_par - 1);
	if (len > sizeof(st->comm) - 1)
		len = sizeof(st->comm) - 1;
	memcpy(st->comm, open_par + 1, len);
	st->state = close_par[2];
	p = close_par + 3;
	for (i = 4; i < STAT_FIELDS; i++) {
		char *end;

		/* takes a sign too; unsigned fields may use all 64 bits and keep them */
		f[i] = (long long)strtoull(p, &end, 10);
		if (end == p)
			break;
		p = end;
	}
	if (i < 42) /* the oldest supported kernels end there */
		return -EPROTO;
	st->ppid = (pid_t)f[4];
	st->flags = (uint32_t)f[9];
	st->min_flt = (uint64_t)f[10];
	st->maj_flt = (uint64_t)f[12];
	st->utime = (uint64_t)f[14];
	st->stime = (uint64_t)f[15];
	st->priority = (int)f[18];
	st->nice = (int)f[19];
	st->start = (uint64_t)f[22];
	st->vsize = (uint64_t)f[23];
	st->start_code = (uint64_t)f[26];
	st->end_code = (uint64_t)f[27];
	st->start_stack = (uint64_t)f[28];
	st->exit_signal = (int)f[38];
	st->rt_priority = (uint32_t)f[40];
	st->policy = (uint32_t)f[41];
	st->gtime = (uint64_t)f[43];
	st->start_data = (uint64_t)f[45];
	st->end_data = (uint64_t)f[46];
	st->start_brk = (uint64_t)f[47];
	st->arg_start = (uint64_t)f[48];
	st->arg_end = (uint64_t)f[49];
	st->env_start = (uint64_t)f[50];
	st->env_end = (uint64_t)f[51];
	st->exit_code = (int)f[52];
	return 0;
}

static void read_list(const char *p, int base, uint64_t *out, uint32_t max, uint32_t *n)
{
	*n = 0;
	while (*n < max) {
		char *end;
		uint64_t v = strtoull(p, &end, base);

		if (end == p)
			return;
		out[(*n)++] = v;
		p = end;
		if (*p == '\n')
			return;
	}
}

/* One row per line of interest: where its numbers go. */
struct status_row {
	const char *key;
	int base;
	uint8_t slot;
};

enum { S_TGID, S_TRACER, S_UID, S_GID, S_CAP0, S_NSPID = S_CAP0 + 5, S_NV, S_NIV, S_VM0 };

static const struct status_row status_rows[] = {
	{"Tgid:", 10, S_TGID},
	{"TracerPid:", 10, S_TRACER},
	{"Uid:", 10, S_UID},
	{"Gid:", 10, S_GID},
	{"CapInh:", 16, S_CAP0},
	{"CapPrm:", 16, S_CAP0 + 1},
	{"CapEff:", 16, S_CAP0 + 2},
	{"CapBnd:", 16, S_CAP0 + 3},
	{"CapAmb:", 16, S_CAP0 + 4},
	{"NSpid:", 10, S_NSPID},
	{"voluntary_ctxt_switches:", 10, S_NV},
	{"nonvoluntary_ctxt_switches:", 10, S_NIV},
	{"VmSize:", 10, S_VM0},
	{"VmPeak:", 10, S_VM0 + 1},
	{"VmHWM:", 10, S_VM0 + 2},
	{"VmLck:", 10, S_VM0 + 3},
	{"VmData:", 10, S_VM0 + 4},
	{"VmExe:", 10, S_VM0 + 5},
	{"VmStk:", 10, S_VM0 + 6},
};

static void status_store(struct proc_status *st, uint8_t slot, const uint64_t *v, uint32_t n)
{
	uint32_t i;

	if (slot == S_TGID)
		st->tgid = (pid_t)v[0];
	else if (slot == S_TRACER)
		st->tracer = (pid_t)v[0];
	else if (slot == S_UID || slot == S_GID)
		for (i = 0; i < n && i < 4; i++)
			(slot == S_UID ? st->uid : st->gid)[i] = (uint32_t)v[i];
	else if (slot < S_NSPID)
		st->caps[slot - S_CAP0] = v[0];
	else if (slot == S_NSPID)
		for (st->n_levels = 0; st->n_levels < n; st->n_levels++)
			st->nspid[st->n_levels] = (pid_t)v[st->n_levels];
	else if (slot == S_NV)
		st->nvcsw = v[0];
	else if (slot == S_NIV)
		st->nivcsw = v[0];
	else
		st->vm_kb[slot - S_VM0] = v[0];
}

int proc_read_status(pid_t tid, struct proc_status *st)
{
	char buf[PROC_TEXT], *line, *save = NULL;
	ssize_t n = proc_slurp(tid, "status", buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	memset(st, 0, sizeof(*st));
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t i;

		for (i = 0; i < sizeof(status_rows) / sizeof(status_rows[0]); i++) {
			const struct status_row *r = &status_rows[i];
			size_t len = strlen(r->key);
			uint64_t v[PROC_PID_LEVELS];
			uint32_t count;

			if (strncmp(line, r->key, len))
				continue;
			read_list(line + len, r->base, v, PROC_PID_LEVELS, &count);
			if (count)
				status_store(st, r->slot, v, count);
			break;
		}
	}
	return st->tgid > 0 ? 0 : -EPROTO;
}

/* Copies text to buf, if there is room */
static int put_text(char *buf, size_t size, const char *text)
{
	if (strlen(text) >= size)
		return -ENAMETOOLONG;
	memcpy(buf, text, strlen(text) + 1);
	return 0;
}

int proc_read_cgroup(pid_t tid, int hierarchy, char *controllers, size_t room, char *path,
		     size_t size)
{
	char buf[PROC_TEXT], *line, *save = NULL;
	ssize_t n = proc_slurp(tid, "cgroup", buf, sizeof(buf));

	if (n < 0)
		return (int)n;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *names, *where, *end;
		int err = 0;

		if (strtol(line, &names, 10) != hierarchy || *names != ':')
			continue;
		where = strchr(++names, ':');
		if (!where)
			return -EPROTO;
		*where++ = 0;
		end = strstr(where, " (deleted)");
		if (end && !end[10])
			*end = 0;
		if (controllers)
			err = put_text(controllers, room, names);
		return err ? err : put_text(path, size, where);
	}
	return -ENODATA;
}

uint64_t proc_ns_inode(pid_t tid, const char *ns)
{
	char path[64];
	struct stat sb;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)tid, ns);
	return stat(path, &sb) ? 0 : (uint64_t)sb.st_ino;
}

void proc_exe_path(pid_t tid, char *path, size_t size)
{
	char link[32];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)tid);
	n = readlink(link, path, size - 1);
	path[n > 0 ? n : 0] = 0;
}

uint32_t proc_read_u32(pid_t tid, const char *file)
{
	char buf[32], *end;
	unsigned long long v;

	if (proc_slurp(tid, file, buf, sizeof(buf)) <= 0)
		return UINT32_MAX;
	v = strtoull(buf, &end, 10);
	return end == buf ? UINT32_MAX : (uint32_t)v;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * diff_attr [SEED [COUNT]]: random attributes of MAP_CREATE, mutated type information for BTF_LOAD and mutated function
 * and line records for PROG_LOAD, given to the boundary and to the running kernel; what they answer differently is
 * printed. Nothing is attached or pinned. Needs the permission to create maps; status 77 where it is missing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "syscall/libc_hooks.h"
#include "syscall/syscall.h"
#include "syscall/uapi.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static uint64_t state;
static unsigned long total, accepted, loose, strict, other;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 11) % n;
}

static int ours(int cmd, union sys_attr *a)
{
	return kfunc_bpf(cmd, &a->b, sizeof(*a));
}

static int linuxs(int cmd, union sys_attr *a)
{
	int fd = syscall(SYS_bpf, cmd, a, sizeof(*a));

	return fd < 0 ? -errno : fd;
}

/* true: the answers differ in more than the number of a descriptor */
static bool judge(int a, int b)
{
	total++;
	accepted += b >= 0;
	if (a >= 0)
		syscall_close(a);
	if (b >= 0)
		close(b);
	if ((a < 0) != (b < 0))
		*(a < 0 ? &strict : &loose) += 1;
	else if (a < 0 && a != b)
		other++;
	else
		return false;
	return true;
}

/* ---------------------------------------------------------------- maps */

static int inner[2][3]; /* ours and the kernel's: an array, a hash, a map of maps */

static void fill_map(union sys_attr *a)
{
	static const uint32_t keys[] = {0, 1, 2, 3, 4, 4, 4, 8, 12, 16, 512, 513},
			      values[] = {0, 1, 4, 4, 4, 8, 8, 12, 16, 64, 4096, 1 << 20},
			      entries[] = {0, 1, 2, 3, 4, 5, 8, 4096, 8192, 12288};
	uint32_t bits = rnd(3);

	memset(a, 0, sizeof(*a));
	a->b.map_type = rnd(36);
	a->b.key_size = keys[rnd(LEN(keys))];
	a->b.value_size = values[rnd(LEN(values))];
	a->b.max_entries = entries[rnd(LEN(entries))];
	for (uint32_t i = 0; i < bits; i++)
		a->b.map_flags |= 1u << rnd(18);
	if (!rnd(4))
		a->b.map_extra = rnd(20);
	if (!rnd(10))
		a->b.numa_node = rnd(3);
	if (!rnd(20))
		a->b.map_ifindex = rnd(3);
	if (!rnd(8))
		strcpy((char *)a->b.map_name, rnd(2) ? "good" : "b d");
}

static void show_map(const union sys_attr *a, int x, int y)
{
	printf("MAP type %u key %u value %u entries %u flags 0x%x extra %llu numa %u ifindex %u "
	       "name %s "
	       "inner %d: ours %d Linux %d\n",
	       a->b.map_type, a->b.key_size, a->b.value_size, a->b.max_entries, a->b.map_flags,
	       (unsigned long long)a->b.map_extra, a->b.numa_node, a->b.map_ifindex, a->b.map_name,
	       a->b.inner_map_fd, x < 0 ? x : 0, y < 0 ? y : 0);
}

static void try_map(void)
{
	union sys_attr a, b;
	int x, y;

	fill_map(&a);
	b = a;
	if (rnd(2) && (a.b.map_type == BPF_MAP_TYPE_ARRAY_OF_MAPS ||
		       a.b.map_type == BPF_MAP_TYPE_HASH_OF_MAPS)) {
		int i = rnd(3);

		a.b.inner_map_fd = inner[0][i];
		b.b.inner_map_fd = inner[1][i];
	}
	x = ours(BPF_MAP_CREATE, &a);
	y = linuxs(BPF_MAP_CREATE, &b);
	if (judge(x, y))
		show_map(&a, x, y);
}

static bool make_inner(void)
{
	static const uint32_t types[] = {BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_HASH,
					 BPF_MAP_TYPE_ARRAY_OF_MAPS};

	for (int i = 0; i < 3; i++) {
		union sys_attr a, b;

		memset(&a, 0, sizeof(a));
		a.b.map_type = types[i];
		a.b.key_size = a.b.value_size = a.b.max_entries = 4;
		b = a;
		if (i == 2) {
			a.b.inner_map_fd = inner[0][0];
			b.b.inner_map_fd = inner[1][0];
		}
		inner[0][i] = ours(BPF_MAP_CREATE, &a);
		inner[1][i] = linuxs(BPF_MAP_CREATE, &b);
		if (inner[1][i] < 0)
			return false;
	}
	return true;
}

/* ---------------------------------------------------------------- types */

static uint8_t types[1 << 16];
static uint32_t types_size;

/* of one object: its own BTF is what programs bring */
static bool read_types(const char *path)
{
	struct btf_header h;
	FILE *f = fopen(path, "rb");
	bool found = false;
	long at = 0;

	if (!f)
		return false;
	while (!found && !fseek(f, at, SEEK_SET) && fread(&h, sizeof(h), 1, f) == 1) {
		if (h.magic == BTF_MAGIC && h.version == 1 && h.hdr_len == sizeof(h) &&
		    h.type_len && h.str_off == h.type_len &&
		    sizeof(h) + h.str_off + h.str_len < sizeof(types)) {
			fseek(f, at, SEEK_SET);
			types_size = sizeof(h) + h.str_off + h.str_len;
			found = fread(types, types_size, 1, f) == 1;
		}
		at += 4;
	}
	fclose(f);
	return found;
}

static void mutate_types(uint8_t *p)
{
	struct btf_header *h = (struct btf_header *)p;
	uint32_t n = h->type_len / 4, at = rnd(n), *w = (uint32_t *)(p + sizeof(*h)) + at;

	switch (rnd(8)) {
	case 0:
		*w ^= 1u << rnd(32);
		break;
	case 1:
		*w += rnd(5) - 2;
		break;
	case 2:
		*w = rnd(40);
		break;
	case 3:
		*w = *((uint32_t *)(p + sizeof(*h)) + rnd(n));
		break;
	case 4:
		p[sizeof(*h) + h->str_off + rnd(h->str_len)] = "\0a.:-1"[rnd(6)];
		break;
	case 5:
		*w ^= (1u + rnd(20)) << 24;
		break;
	case 6:
		((uint32_t *)p)[rnd(6)] += (rnd(5) - 2) * 4;
		break;
	default:
		*w = 0;
		break;
	}
}

static int load_types(int (*sys)(int, union sys_attr *), const uint8_t *p, char *log, uint32_t size)
{
	union sys_attr a;

	memset(&a, 0, sizeof(a));
	a.b.btf = (uintptr_t)p;
	a.b.btf_size = types_size;
	a.b.btf_log_buf = (uintptr_t)log;
	a.b.btf_log_size = size;
	a.b.btf_log_level = log ? 1 : 0;
	return sys(BPF_BTF_LOAD, &a);
}

/* the last line of what was written */
static void show_log(const char *who, int (*sys)(int, union sys_attr *), const uint8_t *p)
{
	static char log[1 << 20];
	size_t n;
	int fd;

	log[0] = '\0';
	fd = load_types(sys, p, log, sizeof(log));
	if (fd >= 0) {
		if (sys == ours)
			syscall_close(fd);
		else
			close(fd);
		return;
	}
	n = strlen(log);
	while (n && log[n - 1] == '\n')
		log[--n] = '\0';
	while (n && log[n - 1] != '\n')
		n--;
	printf("\t%s: %s\n", who, log + n);
}

static void show_types(const uint8_t *p, int x, int y)
{
	printf("BTF ours %d Linux %d:", x < 0 ? x : 0, y < 0 ? y : 0);
	for (uint32_t i = 0; i + 4 <= types_size; i += 4)
		if (memcmp(p + i, types + i, 4))
			printf(" [0x%x] 0x%x -> 0x%x", i, *(uint32_t *)(types + i),
			       *(uint32_t *)(p + i));
	printf("\n");
	show_log("ours", ours, p);
	show_log("Linux", linuxs, p);
}

static void try_types(void)
{
	static uint8_t copy[sizeof(types)];
	int x, y;

	memcpy(copy, types, types_size);
	for (uint32_t i = 1 + rnd(2); i > 0; i--)
		mutate_types(copy);
	x = load_types(ours, copy, NULL, 0);
	y = load_types(linuxs, copy, NULL, 0);
	if (judge(x, y))
		show_types(copy, x, y);
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 20000;

	state = (argc > 1 ? strtoull(argv[1], NULL, 0) : 1) * 7919 + 1;
	if (!make_inner()) {
		printf("cannot run: this process may not create BPF maps\n");
		return 77;
	}
	if (argc < 4)
		for (int i = 0; i < count; i++)
			try_map();
	for (int k = 3; k < argc; k++) {
		if (!read_types(argv[k])) {
			printf("%s: no types\n", argv[k]);
			continue;
		}
		for (int i = 0; i < count; i++)
			try_types();
	}
	printf("%lu, %lu accepted by Linux: %lu accepted by us alone, %lu by Linux alone, %lu with "
	       "another "
	       "errno\n",
	       total, accepted, loose, strict, other);
	return loose != 0;
}

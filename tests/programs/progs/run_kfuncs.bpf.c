// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* CPU masks, iterators, dynptrs and tasks, run (kfunc spec 12). Each result counts what was right. */
#include "expect.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* Scenario 26 */
SEC("syscall") __expect_accept __expect_retval(26)
int cpumasks(void *ctx)
{
	struct bpf_cpumask *a = bpf_cpumask_create(), *b, *c;
	u32 n, any;
	int right = 0;

	if (!a)
		return -1;
	b = bpf_cpumask_create();
	if (!b) {
		bpf_cpumask_release(a);
		return -1;
	}
	right += bpf_cpumask_empty((struct cpumask *)a);
	bpf_cpumask_setall(b);
	n = bpf_cpumask_weight((struct cpumask *)b);
	right += n >= 1 && bpf_cpumask_full((struct cpumask *)b);
	right += bpf_cpumask_first((struct cpumask *)a) >= n;
	right += bpf_cpumask_first((struct cpumask *)b) == 0;
	right += bpf_cpumask_first_zero((struct cpumask *)a) == 0;
	right += bpf_cpumask_first_zero((struct cpumask *)b) >= n;
	bpf_cpumask_set_cpu(0, a);
	right += bpf_cpumask_test_cpu(0, (struct cpumask *)a);
	bpf_cpumask_set_cpu(100000, a);
	right += !bpf_cpumask_test_cpu(100000, (struct cpumask *)a);
	right += bpf_cpumask_weight((struct cpumask *)a) == 1;
	right += bpf_cpumask_test_and_set_cpu(0, a);
	right += bpf_cpumask_test_and_clear_cpu(0, a);
	right += !bpf_cpumask_test_and_clear_cpu(0, a);
	right += !bpf_cpumask_test_and_set_cpu(0, a);
	right += bpf_cpumask_subset((struct cpumask *)a, (struct cpumask *)b);
	right += bpf_cpumask_intersects((struct cpumask *)a, (struct cpumask *)b);
	right += bpf_cpumask_first_and((struct cpumask *)a, (struct cpumask *)b) == 0;
	c = bpf_cpumask_acquire(a);
	right += bpf_cpumask_and(c, (struct cpumask *)a, (struct cpumask *)b);
	bpf_cpumask_xor(c, (struct cpumask *)a, (struct cpumask *)a);
	right += bpf_cpumask_empty((struct cpumask *)a); /* c is a */
	right += !bpf_cpumask_and(c, (struct cpumask *)a, (struct cpumask *)b);
	bpf_cpumask_or(a, (struct cpumask *)a, (struct cpumask *)b);
	right += bpf_cpumask_equal((struct cpumask *)a, (struct cpumask *)b);
	bpf_cpumask_clear_cpu(0, a);
	right += !bpf_cpumask_equal((struct cpumask *)a, (struct cpumask *)b);
	bpf_cpumask_copy(a, (struct cpumask *)b);
	right += bpf_cpumask_full((struct cpumask *)a);
	any = bpf_cpumask_any_distribute((struct cpumask *)a);
	right += any < n;
	right += bpf_cpumask_any_and_distribute((struct cpumask *)a, (struct cpumask *)b) < n;
	bpf_cpumask_clear(a);
	right += bpf_cpumask_any_distribute((struct cpumask *)a) >= n;
	right += bpf_cpumask_empty((struct cpumask *)c);
	bpf_cpumask_release(c);
	bpf_cpumask_release(a);
	bpf_cpumask_release(b);
	return right;
}

/* Scenario 85 */
SEC("syscall") __expect_accept __expect_retval(45)
int numbers(void *ctx)
{
	int i, sum = 0;

	bpf_for(i, 0, 10)
		sum += i;
	bpf_for(i, 5, 5)
		sum += 1000;
	bpf_for(i, 5, 4)
		sum += 1000;
	bpf_for(i, 0, 8388609)
		sum += 1000;
	return sum;
}

u64 bits[2] = {0x8000000000000001, 0x5};

SEC("syscall") __expect_accept __expect_retval(196)
int bit_numbers(void *ctx)
{
	struct bpf_iter_bits it;
	int *bit, sum = 0, i;

	bpf_iter_bits_new(&it, bits, 2);
	bpf_for(i, 0, 128) {
		bit = bpf_iter_bits_next(&it);
		if (!bit)
			break;
		sum += *bit;
	}
	bpf_iter_bits_destroy(&it);
	return sum == 63 + 64 + 66 ? sum + 3 : -sum;
}

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, char[32]);
} memory SEC(".maps");

/* Scenario 31 */
SEC("syscall") __expect_accept __expect_retval(14)
int dynptrs(void *ctx)
{
	struct bpf_dynptr p, q;
	char *value, *part;
	u32 zero = 0;
	int right = 0;

	value = bpf_map_lookup_elem(&memory, &zero);
	if (!value)
		return -1;
	right += bpf_dynptr_from_mem(value, 32, 0, &p) == 0;
	right += bpf_dynptr_size(&p) == 32;
	right += !bpf_dynptr_is_null(&p) && !bpf_dynptr_is_rdonly(&p);
	right += bpf_dynptr_memset(&p, 8, 4, 7) == 0;
	right += bpf_dynptr_memset(&p, 30, 3, 7) == -7; /* E2BIG */
	part = bpf_dynptr_slice(&p, 8, NULL, 4);
	right += part && part[0] == 7 && part[3] == 7;
	right += bpf_dynptr_slice(&p, 30, NULL, 4) == NULL;
	right += bpf_dynptr_clone(&p, &q) == 0;
	right += bpf_dynptr_adjust(&q, 8, 16) == 0 && bpf_dynptr_size(&q) == 8;
	right += bpf_dynptr_adjust(&q, 9, 9) == -34; /* ERANGE */
	right += bpf_dynptr_adjust(&q, 3, 2) == -22;
	right += bpf_dynptr_copy(&p, 0, &q, 0, 4) == 0 && value[0] == 7;
	right += bpf_dynptr_copy(&p, 0, &q, 0, 9) == -7;
	right += bpf_dynptr_size(&p) == 32;
	return right;
}

SEC("syscall") __expect_accept __expect_retval(7)
int tasks(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf(), *found;
	struct cgroup *root;
	int right = 0;

	found = bpf_task_from_pid(me->pid);
	if (!found)
		return -1;
	right += found == me;
	right += found->pid == (u32)bpf_get_current_pid_tgid();
	right += bpf_send_signal_task(found, 0, PIDTYPE_PID, 0) == 0;
	right += bpf_send_signal_task(found, 0, PIDTYPE_PGID, 0) == -22;
	bpf_task_release(found);
	found = bpf_task_from_vpid(me->pid);
	if (found) {
		right += found == me;
		bpf_task_release(found);
	}
	found = bpf_task_from_pid(-1);
	if (found) {
		right = -100;
		bpf_task_release(found);
	}
	bpf_rcu_read_lock();
	root = bpf_cgroup_ancestor(me->cgroups->dfl_cgrp, 0);
	bpf_rcu_read_unlock();
	if (root) {
		right += root->level == 0;
		right += bpf_task_under_cgroup(me, root);
		bpf_cgroup_release(root);
	}
	return right;
}

char text[] = "some text in this process";

SEC("syscall") __expect_accept __expect_retval(5)
int user_strings(void *ctx)
{
	struct task_struct *me = bpf_get_current_task_btf();
	char buf[16];
	int right = 0;

	right += bpf_copy_from_user_str(buf, sizeof(buf), text, 0) == 16 && buf[15] == 0 &&
		 buf[14] == text[14];
	right += bpf_copy_from_user_str(buf, sizeof(buf), text + 20, 1) == 6 && buf[6] == 0;
	right += bpf_copy_from_user_str(buf, sizeof(buf), text, 2) == -22;
	right += bpf_copy_from_user_str(buf, sizeof(buf), (void *)8, 0) == -14 && buf[0] == 0;
	right += bpf_copy_from_user_task_str(buf, sizeof(buf), text + 5, me, 0) == 16 &&
		 buf[0] == 't';
	return right;
}

char words[] = "one two Two";
char sub[] = "two", other[] = "three", vowels[] = "eo", upper[] = "ONE TWO TWO", longer[] = "one two Twos";
char endless[70000];

/* kfunc spec 12.8, scenario 101 */
SEC("syscall") __expect_accept __expect_retval(27)
int strings(void *ctx)
{
	int right = 0, i;

	right += bpf_strlen(words) == 11;
	right += bpf_strnlen(words, 3) == 3 && bpf_strnlen(words, 100) == 11;
	right += bpf_strcmp(words, words) == 0;
	right += bpf_strcmp(words, longer) == -1 && bpf_strcmp(longer, words) == 1;
	right += bpf_strcmp(words, upper) == 1;
	right += bpf_strcasecmp(words, upper) == 0;
	right += bpf_strchr(words, 't') == 4;
	right += bpf_strchr(words, 'x') == -2; /* ENOENT */
	right += bpf_strchr(words, 0) == 11;
	right += bpf_strchrnul(words, 'x') == 11;
	right += bpf_strnchr(words, 4, 't') == -2;
	right += bpf_strnchr(words, 5, 't') == 4;
	right += bpf_strrchr(words, 'o') == 10;
	right += bpf_strrchr(words, 'x') == -2;
	right += bpf_strstr(words, sub) == 4;
	right += bpf_strstr(words, other) == -2;
	right += bpf_strstr(words, words + 11) == 0; /* the empty string */
	right += bpf_strnstr(words, sub, 7) == 4;
	right += bpf_strnstr(words, sub, 6) == -2;
	right += bpf_strspn(words, vowels) == 1;
	right += bpf_strcspn(words, sub) == 0;
	right += bpf_strcspn(words, other) == 2;
	right += bpf_strlen(NULL) == -34; /* ERANGE */
	right += bpf_strcmp(words, (char *)16) == -34;
	right += bpf_strlen((char *)0x9000000000) == -14; /* EFAULT */
	bpf_for(i, 0, 70000)
		if (i >= 0 && i < 70000)
			endless[i] = 'a';
	right += bpf_strlen(endless) == -7;
	right += bpf_strnlen(endless, 60000) == 60000;
	return right;
}

/* addresses where no kernel has memory, before any is read; the others (as measured on Linux 6.18) */
SEC("syscall") __expect_accept __expect_retval(22)
int bad_strings(void *ctx)
{
	const char *hole = (char *)0x7fff00000000f000, *vsyscall = (char *)0xffffffffff600fff;
	const char *small = (char *)4095, *absent = (char *)0x9000000000, *last = (char *)~0ull;
	int right = 0, i;

	right += bpf_strlen(hole) == -34 && bpf_strlen(vsyscall) == -34;
	right += bpf_strlen(small) == -34 && bpf_strlen((char *)0x8000000000000000) == -34;
	right += bpf_strlen((char *)0xfe7fffffffffffff) == -34;
	right += bpf_strlen(absent) == -14 && bpf_strlen(last) == -14;
	right += bpf_strlen((char *)0xffff800000000000) == -14;
	/* both before either is read */
	right += bpf_strcmp(absent, small) == -34 && bpf_strcmp(small, absent) == -34;
	right += bpf_strcmp(words, absent) == -14 && bpf_strcmp(words, hole) == -34;
	right += bpf_strcmp(other, hole) == -34 && bpf_strcasecmp(absent, hole) == -34;
	right += bpf_strspn(words + 11, NULL) == -34 && bpf_strcspn(words + 11, NULL) == -34;
	right += bpf_strspn(NULL, words) == -34 && bpf_strcspn(absent, NULL) == -34;
	right += bpf_strstr(NULL, words + 11) == -34 && bpf_strstr(absent, words + 11) == 0;
	right += bpf_strnstr(NULL, words, 0) == -34 && bpf_strnstr(words, hole, 3) == -34;
	/* although no byte is wanted */
	right += bpf_strnlen(NULL, 0) == -34 && bpf_strnlen(absent, 0) == 0;
	right += bpf_strnchr(hole, 0, 'a') == -34 && bpf_strnchr(absent, 0, 'a') == -2;
	right += bpf_strchr(hole, 'a') == -34 && bpf_strchr(absent, 'a') == -14;
	right += bpf_strchrnul(small, 0) == -34 && bpf_strchrnul(last, 0) == -14;
	right += bpf_strrchr(vsyscall, 'a') == -34 && bpf_strrchr(absent, 'a') == -14;
	bpf_for(i, 0, sizeof(endless) - 1)
		endless[i] = 'x';
	right += bpf_strnlen(endless, 65535) == 65535;
	right += bpf_strnlen(endless, 65536) == -7; /* E2BIG: it looked at all of them */
	right += bpf_strnlen(endless, 65537) == -7 && bpf_strnchr(endless, 65537, 'y') == -7;
	right += bpf_strnchr(endless, 65535, 'y') == -2;
	right += bpf_strnchr(endless, 65536, 'y') == -7;
	return right;
}

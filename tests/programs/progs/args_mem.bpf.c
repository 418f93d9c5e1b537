// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Memory and size arguments (kfunc spec 3.6 MEM, MEM_SIZE, R3.6, R3.7).
 */
#include "mod.h"

struct value {
	char bytes[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct value);
} values SEC(".maps");

const volatile int constants[4] = {1, 2, 3, 4};
int variable = 8;

/* ---- pairs ---- */

SEC("syscall")
__expect_accept
__expect_retval(6)
int pair_stack(void *ctx)
{
	char buf[3] = {1, 2, 3};

	return mod_mem(buf, sizeof(buf));
}

/* Scenario 29 */
SEC("syscall")
__expect_accept
__expect_retval(0)
int pair_bounded(void *ctx)
{
	char buf[16] = {};
	u32 n = variable;

	hide(n);
	if (n > 16)
		return 0;
	return mod_mem(buf, n);
}

/* Scenario 29 */
SEC("syscall")
__expect_reject(EACCES, KF0507)
int pair_unbounded(void *ctx)
{
	char buf[16] = {};

	return mod_mem(buf, variable);
}

/* Scenario 29 */
SEC("syscall")
__expect_reject(EACCES, KF0507)
int pair_negative(void *ctx)
{
	char buf[16] = {};
	long n = variable;

	hide(n);
	if (n > 16)
		return 0;
	return mod_mem(buf, n);
}

/* Scenario 29 */
SEC("syscall")
__expect_reject(EINVAL, KF0335)
int pair_too_long(void *ctx)
{
	char buf[16] = {};
	u32 n = variable;

	hide(n);
	if (n > 24)
		return 0;
	return mod_mem(buf, n) + buf[0];
}

SEC("syscall")
__expect_accept
__expect_retval(0)
int pair_zero(void *ctx)
{
	char buf[16] = {};

	return mod_mem(buf, 0);
}

SEC("syscall")
__expect_accept
__expect_retval(0)
int pair_map_value(void *ctx)
{
	int key = 0;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	return v ? mod_mem(v, sizeof(*v)) : 0;
}

/* Scenario 36 */
SEC("syscall")
__expect_reject(EACCES, KF0306)
int pair_map_value_too_long(void *ctx)
{
	int key = 0;
	struct value *v = bpf_map_lookup_elem(&values, &key);

	return v ? mod_mem(v->bytes + 1, sizeof(*v)) : 0;
}

/* Scenario 35 */
SEC("syscall")
__expect_reject(EACCES, KF0317)
int pair_readonly(void *ctx)
{
	return mod_mem((void *)constants, sizeof(constants));
}

/* Scenario 27 */
SEC("syscall")
__expect_reject(EACCES, KF0508)
int pair_scalar_as_memory(void *ctx)
{
	return mod_mem((void *)(long)variable, 8);
}

/* ---- constant sizes ---- */

SEC("syscall")
__expect_accept
__expect_retval(8)
int const_size(void *ctx)
{
	long buf;

	return mod_mem_const(&buf, sizeof(buf));
}

/* Scenario 31 */
SEC("syscall")
__expect_reject(EINVAL, KF0506)
int const_size_variable(void *ctx)
{
	char buf[16] = {};
	u32 n = variable;

	hide(n);
	if (n > 16)
		return 0;
	return mod_mem_const(buf, n);
}

/* ---- NULL for a buffer ---- */

/* Scenario 31 */
SEC("syscall")
__expect_accept
__expect_retval(-1)
int opt_null(void *ctx)
{
	return mod_mem_opt(NULL, 100);
}

SEC("syscall")
__expect_accept
__expect_retval(8)
int opt_given(void *ctx)
{
	long buf = 0;

	return mod_mem_opt(&buf, sizeof(buf));
}

SEC("syscall")
__expect_reject(EINVAL, KF0335)
int opt_too_small(void *ctx)
{
	long buf = 0;

	return mod_mem_opt(&buf, 100) + buf;
}

SEC("syscall")
__expect_reject(EINVAL, KF0506)
int opt_null_size_variable(void *ctx)
{
	return mod_mem_opt(NULL, variable);
}

/* ---- memory of the pointee's size ---- */

SEC("syscall")
__expect_accept
__expect_retval(42)
int fixed_int(void *ctx)
{
	int x = 41;

	return mod_int(&x);
}

SEC("syscall")
__expect_reject(EINVAL, KF0335)
int fixed_int_short(void *ctx)
{
	short x = 0;

	return mod_int((void *)&x);
}

SEC("syscall")
__expect_accept
__expect_retval(5)
int scalar_struct(void *ctx)
{
	struct mod_pair p = {2, 3};

	return mod_pair(&p);
}

/* Scenario 28 */
SEC("syscall")
__expect_accept
__expect_retval(0)
int scalar_struct_4_levels(void *ctx)
{
	struct mod_level3 x = {};

	return mod_level3(&x);
}

/* Scenario 28 */
SEC("syscall")
__expect_reject(EINVAL, KF0500)
int scalar_struct_5_levels(void *ctx)
{
	struct mod_level4 x = {};

	return mod_level4(&x);
}

/* Scenario 28 */
SEC("syscall")
__expect_reject(EINVAL, KF0500)
int struct_with_pointer(void *ctx)
{
	struct mod_with_ptr x = {};

	return mod_with_ptr(&x);
}

/* Scenario 28 */
SEC("syscall")
__expect_reject(EINVAL, KF0500)
int struct_with_flexible_array(void *ctx)
{
	int x[4] = {};

	return mod_flex((void *)x);
}

SEC("syscall")
__expect_reject(EINVAL, KF0500)
int void_without_size(void *ctx)
{
	long x = 0;

	return mod_void(&x);
}

SEC("syscall")
__expect_reject(EINVAL, KF0500)
int pointer_to_pointer(void *ctx)
{
	int *x = NULL;

	return mod_pptr(&x);
}

/* ---- returned memory ---- */

/* Scenario 33 */
SEC("syscall")
__expect_accept
__expect_retval(0)
int rdonly_read(void *ctx)
{
	int *p = mod_rdonly(1, 16);

	return p ? p[3] : 0;
}

SEC("syscall")
__expect_reject(EACCES, KF0303)
int rdonly_unchecked(void *ctx)
{
	return *mod_rdonly(1, 16);
}

/* Scenario 33 */
SEC("syscall")
__expect_reject(EACCES, KF0307)
int rdonly_beyond(void *ctx)
{
	int *p = mod_rdonly(1, 16);

	return p ? p[4] : 0;
}

/* Scenario 33 */
SEC("syscall")
__expect_reject(EACCES, KF0317)
int rdonly_write(void *ctx)
{
	int *p = mod_rdonly(1, 16);

	if (p)
		p[0] = 1;
	return 0;
}

/* Scenario 33 */
SEC("syscall")
__expect_reject(EINVAL, KF0506)
int rdonly_size_variable(void *ctx)
{
	int *p = mod_rdonly(1, variable);

	return p ? p[0] : 0;
}

/*
 * The size is a constant on either path, and another one: the second path must not be taken for the
 * first, which has more memory. Whichever is walked first, one of the two finds it.
 */
SEC("syscall")
__expect_reject(EACCES, KF0307)
int size_by_path(void *ctx)
{
	u64 n = 16;
	int *p;

	if (variable)
		n = 4;
	hide(n);
	many_ways();
	p = mod_rdonly(1, n);
	return p ? p[3] : 0;
}

SEC("syscall")
__expect_reject(EACCES, KF0307)
int size_by_other_path(void *ctx)
{
	u64 n = 4;
	int *p;

	if (variable)
		n = 16;
	hide(n);
	many_ways();
	p = mod_rdonly(1, n);
	return p ? p[3] : 0;
}

SEC("syscall")
__expect_accept
__expect_retval(0)
int size_by_path_kept(void *ctx)
{
	u64 n = 16;
	int *p;

	if (variable)
		n = 4;
	hide(n);
	many_ways();
	p = mod_rdonly(1, n);
	return p ? p[0] : 0;
}

/* Scenario 35 */
SEC("syscall")
__expect_reject(EACCES, KF0508)
int rdonly_as_argument(void *ctx)
{
	int *p = mod_rdonly(1, 16);

	return p ? mod_int(p) : 0;
}

/* Scenarios 33, 35 */
SEC("syscall")
__expect_accept
__expect_retval(77)
int rdwr_write(void *ctx)
{
	int *p = mod_rdwr(16);

	if (!p)
		return -1;
	p[3] = 76;
	return mod_int(&p[3]);
}

SEC("syscall")
__expect_accept
__expect_retval(0)
int fixed_read(void *ctx)
{
	return *mod_fixed();
}

SEC("syscall")
__expect_reject(EACCES, KF0317)
int fixed_write(void *ctx)
{
	*mod_fixed() = 1;
	return 0;
}

SEC("syscall")
__expect_reject(EACCES, KF0307)
int fixed_beyond(void *ctx)
{
	return mod_fixed()[1];
}

/* ---- what only the kernel's own functions may declare (as Linux answers a module) ---- */

SEC("syscall") __expect_reject(EINVAL, KF0805)
int own_dynptr(void *ctx)
{
	struct bpf_dynptr p;

	return mod_dynptr_new(&p);
}

SEC("syscall") __expect_reject(EFAULT, KF0527)
int own_irq_flags(void *ctx)
{
	unsigned long flags;

	return mod_irq_save(&flags);
}

struct lock_value {
	struct bpf_res_spin_lock lock;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, int);
	__type(value, struct lock_value);
	__uint(max_entries, 1);
} own_locks SEC(".maps");

SEC("syscall") __expect_reject(EFAULT, KF0527)
int own_res_lock(void *ctx)
{
	int zero = 0;
	struct lock_value *v = bpf_map_lookup_elem(&own_locks, &zero);

	return v ? mod_res_lock(&v->lock) : 0;
}

/* ---- dynptrs that may be NULL ---- */

/* Scenario 30 */
SEC("syscall")
__expect_accept
__expect_retval(5)
int dynptr_null(void *ctx)
{
	struct value *v;
	struct bpf_dynptr p;
	int key = 0;

	v = bpf_map_lookup_elem(&values, &key);
	if (!v)
		return -1;
	bpf_dynptr_from_mem(v, sizeof(*v), 0, &p);
	return mod_dynptrs(&p, NULL) * 2 + mod_dynptrs(&p, &p);
}

/* Scenario 30 */
SEC("syscall")
__expect_reject(EACCES, KF0503)
int dynptr_null_first(void *ctx)
{
	struct value *v;
	struct bpf_dynptr p;
	int key = 0;

	v = bpf_map_lookup_elem(&values, &key);
	if (!v)
		return -1;
	bpf_dynptr_from_mem(v, sizeof(*v), 0, &p);
	return mod_dynptrs(NULL, &p);
}

/* Scenario 30 */
SEC("syscall")
__expect_reject(EINVAL, KF1010)
int dynptr_not_made(void *ctx)
{
	struct value *v;
	struct bpf_dynptr p, q;
	int key = 0;

	v = bpf_map_lookup_elem(&values, &key);
	if (!v)
		return -1;
	bpf_dynptr_from_mem(v, sizeof(*v), 0, &p);
	return mod_dynptrs(&p, &q);
}

/* NULL is memory of size 0 only where the parameter may be NULL */
SEC("syscall")
__expect_reject(EACCES, KF0508)
int pair_null(void *ctx)
{
	return mod_mem(NULL, 8);
}

SEC("syscall")
__expect_reject(EACCES, KF0508)
int pair_const_null(void *ctx)
{
	return mod_mem_const(NULL, 8);
}

SEC("syscall")
__expect_accept
__expect_retval(9)
int fixed_before_a_number(void *ctx)
{
	struct mod_pair p = {1, 2};

	return mod_pair_times(&p, 3);
}

/* the number after it says nothing about the memory */
SEC("syscall")
__expect_reject(EINVAL, KF0335)
int fixed_too_small_before_a_number(void *ctx)
{
	char one = 1;

	return mod_pair_times((void *)&one, 1);
}

char LICENSE[] SEC("license")
= "GPL";

// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Members that a module vouches for with BTF_TYPE_SAFE_* (kfunc spec 6.2, 6.3): which pointers
 * loaded from a trusted parent satisfy KF_TRUSTED_ARGS and KF_RCU, inside and outside of RCU
 * sections.
 */
#include "mod.h"

/* p = parent->member; r = what use says of it */
#define WALK(member, use)                                                                          \
	struct mod_listed *l = mod_listed_new();                                                   \
	int r = 0;                                                                                 \
                                                                                                   \
	if (!l)                                                                                    \
		return 0;                                                                          \
	{                                                                                          \
		typeof(l->member) p = l->member;                                                   \
                                                                                                   \
		r = use;                                                                           \
	}                                                                                          \
	mod_listed_put(l);                                                                         \
	return r

#define WALK_RCU(member, use)                                                                      \
	struct mod_listed *l = mod_listed_new();                                                   \
	int r = 0;                                                                                 \
                                                                                                   \
	if (!l)                                                                                    \
		return 0;                                                                          \
	bpf_rcu_read_lock();                                                                       \
	{                                                                                          \
		typeof(l->member) p = l->member;                                                   \
                                                                                                   \
		r = use;                                                                           \
	}                                                                                          \
	bpf_rcu_read_unlock();                                                                     \
	mod_listed_put(l);                                                                         \
	return r

SEC("syscall")
__expect_accept
int trusted(void *ctx)
{
	WALK(trusted, mod_head_serial(&p->head));
}

SEC("syscall")
__expect_reject(EACCES, KF0303)
int trusted_or_null_unchecked(void *ctx)
{
	WALK(trusted_or_null, p->refs);
}

SEC("syscall")
__expect_accept
int trusted_or_null_checked(void *ctx)
{
	WALK(trusted_or_null, p ? mod_head_serial(&p->head) : 0);
}

SEC("syscall")
__expect_reject(EINVAL, KF0502)
int rcu_outside(void *ctx)
{
	WALK(rcu, mod_obj_rcu(p));
}

SEC("syscall")
__expect_accept
int rcu_inside(void *ctx)
{
	WALK_RCU(rcu, mod_obj_rcu(p));
}

SEC("syscall")
__expect_reject(EINVAL, KF0501)
int rcu_is_not_trusted(void *ctx)
{
	WALK_RCU(rcu, mod_head_serial(&p->head));
}

SEC("syscall")
__expect_reject(EACCES, KF0503)
int rcu_or_null_unchecked(void *ctx)
{
	WALK_RCU(rcu_or_null, mod_obj_rcu(p));
}

SEC("syscall")
__expect_accept
int rcu_or_null_checked(void *ctx)
{
	WALK_RCU(rcu_or_null, p ? mod_obj_rcu(p) : 0);
}

/* the older document's list: as trusted as the parent */
SEC("syscall")
__expect_accept
int nested(void *ctx)
{
	WALK(nested, mod_head_serial(&p->head));
}

SEC("syscall")
__expect_reject(EINVAL, KF0501)
int plain(void *ctx)
{
	WALK(plain, mod_head_serial(&p->head));
}

SEC("syscall")
__expect_reject(EINVAL, KF0502)
int plain_rcu(void *ctx)
{
	WALK_RCU(plain, mod_obj_rcu(p));
}

SEC("syscall")
__expect_accept
int plain_read(void *ctx)
{
	WALK(plain, p->refs);
}

/* lists count by name and type */
SEC("syscall")
__expect_reject(EINVAL, KF0501)
int other_name(void *ctx)
{
	WALK(other_name, mod_head_serial(&p->head));
}

SEC("syscall")
__expect_reject(EINVAL, KF0501)
int other_type(void *ctx)
{
	WALK(other_type, mod_tail_serial(p));
}

char LICENSE[] SEC("license")
= "GPL";

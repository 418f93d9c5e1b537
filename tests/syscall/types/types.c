/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Types of a program's own, one form for each compilation (-DFORM=name): what may stand together in a
 * value or an object, and what may own what. ../test_types.c says which are taken.
 */
struct bpf_spin_lock {
	unsigned int val;
};

struct bpf_res_spin_lock {
	unsigned int val;
};

struct bpf_refcount {
	unsigned int __opaque[1];
} __attribute__((aligned(4)));

struct bpf_list_head {
	unsigned long long __opaque[2];
} __attribute__((aligned(8)));

struct bpf_list_node {
	unsigned long long __opaque[3];
} __attribute__((aligned(8)));

struct bpf_rb_root {
	unsigned long long __opaque[2];
} __attribute__((aligned(8)));

struct bpf_rb_node {
	unsigned long long __opaque[4];
} __attribute__((aligned(8)));

struct task_struct {
	int pid;
};

struct cred {
	int uid;
};

#define __contains(type, node) __attribute__((btf_decl_tag("contains:" #type ":" #node)))
#define __kptr                 __attribute__((btf_type_tag("kptr")))
#define __kptr_untrusted       __attribute__((btf_type_tag("kptr_untrusted")))

#define LOCK      struct bpf_spin_lock lock;
#define LIST(of)  struct bpf_list_head head __contains(of, link);
#define TREE(of)  struct bpf_rb_root root __contains(of, node);
#define LINK      struct bpf_list_node link;
#define NODE      struct bpf_rb_node node;
#define REFS      struct bpf_refcount refs;
#define SLOT(n)   struct task_struct __kptr *slot##n;
#define SLOTS(n)  SLOT(n##0) SLOT(n##1) SLOT(n##2) SLOT(n##3) SLOT(n##4)
#define ITEM      struct item { LINK long key; };
#define VALUE     struct value
#define KEEP(...) VALUE { __VA_ARGS__ };

/* ---- which members may stand together ---- */

#define list_and_lock          ITEM KEEP(LOCK LIST(item))
#define list_and_resilient     ITEM KEEP(struct bpf_res_spin_lock lock; LIST(item))
#define list_without_lock      ITEM KEEP(LIST(item))
#define tree_without_lock      struct item { NODE long key; }; KEEP(TREE(item))
#define both_locks             KEEP(LOCK struct bpf_res_spin_lock other;)
#define two_locks              KEEP(LOCK struct bpf_spin_lock other;)
#define two_nodes_counted      KEEP(LINK NODE REFS)
#define two_nodes_uncounted    KEEP(LINK NODE)
#define two_counts             KEEP(REFS struct bpf_refcount more;)
#define two_counts_and_node    KEEP(REFS long key; struct bpf_refcount more; LINK)
#define counts_of_one          KEEP(struct bpf_refcount refs[1]; LINK)
#define counts_of_two          KEEP(struct bpf_refcount refs[2]; LINK)
#define counts_of_two_alone    KEEP(struct bpf_refcount refs[2];)
#define lock_of_one            ITEM KEEP(struct bpf_spin_lock lock[1]; LIST(item))
#define lock_of_one_by_one     ITEM KEEP(struct bpf_spin_lock lock[1][1]; LIST(item))
#define link_of_one            KEEP(struct bpf_list_node link[1]; NODE)
#define count_below            struct item { REFS }; KEEP(struct item i; LINK)
#define count_below_and_beside struct item { REFS }; KEEP(struct item i; REFS)
#define eleven_fields          KEEP(LINK SLOTS(a) SLOTS(b))
#define twelve_fields          KEEP(LINK SLOTS(a) SLOTS(b) SLOT(c))
#define odd_slot               VALUE { LINK SLOTS(a) SLOTS(b) int x; SLOT(c) } __attribute__((packed));

#define odd_slot_alone         VALUE { int x; SLOT(a) } __attribute__((packed));
#define odd_node_alone         VALUE { int x; LINK } __attribute__((packed));

/* ---- what a slot points to ---- */

#define one_slot               KEEP(SLOT(a) long n;)
#define slot_without_dtor      KEEP(struct cred __kptr *cred; long n;)
#define slot_seen_without_dtor KEEP(struct cred __kptr_untrusted *cred; long n;)
#define slot_with_two_tags     KEEP(struct task_struct __kptr __kptr_untrusted *task;)
#define slot_to_const          KEEP(const struct task_struct __kptr *task;)
#define slot_of_a_number       KEEP(int __kptr *number;)

/* ---- what a list says that it contains ---- */

#define untagged               ITEM KEEP(LOCK struct bpf_list_head head;)
#define contains_unknown       KEEP(LOCK LIST(nothing_there))
#define contains_no_member     struct item { struct bpf_list_node other; }; KEEP(LOCK LIST(item))
#define contains_no_node       struct item { long link; }; KEEP(LOCK LIST(item))
#define contains_other_node    struct item { struct bpf_rb_node link; }; KEEP(LOCK LIST(item))

/* ---- who owns whom ---- */

#define owner_of_owner         ITEM struct mid { LINK LOCK LIST(item) }; KEEP(LOCK LIST(mid))
#define owner_of_owners_owner                                                                      \
	ITEM struct low { LINK LOCK LIST(item) };                                                  \
	struct mid { LINK LOCK LIST(low) };                                                        \
	KEEP(LOCK LIST(mid))
#define owner_of_itself        KEEP(LINK LOCK LIST(value))
#define owner_in_a_slot        ITEM struct mid { LOCK LIST(item) }; KEEP(LINK struct mid __kptr *mid;)

#define EXPAND(form) form
EXPAND(FORM)

struct item;
struct mid;
struct low;

/* nothing else refers to them; not every form has all */
void form(VALUE *v, struct task_struct *t, struct cred *c, struct low *l)
{
	__asm__ volatile("" ::"r"(v), "r"(t), "r"(c), "r"(l));
}

void others(struct item *i, struct mid *m)
{
	__asm__ volatile("" ::"r"(i), "r"(m));
}

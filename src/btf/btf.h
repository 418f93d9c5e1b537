/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * BTF as the verifier and the boundary need it: validated once, immutable afterwards, reference
 * counted, cheap to query. libbpf's own BTF type is used where BTF is *made* (merging a host's
 * types into a split BTF, dumping C); it does not check hostile input, so everything that comes
 * through the boundary or from a file is parsed here first.
 *
 * A split BTF has a base; ids below btf_start_id() belong to the base and every query here looks
 * there by itself. Ids are therefore unique within (object, its base). All queries are thread-safe.
 */
#ifndef BTF_BTF_H
#define BTF_BTF_H

#include <linux/btf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btf_obj;

/*
 * Parses and validates size bytes (copied). base may be NULL; it is referenced. name is copied
 * ("vmlinux", a module's name, or "" for a program's). On failure returns NULL, stores a -errno in
 * *err and, when why is not NULL, a sentence without newline in why (at most why_size bytes):
 * -EINVAL malformed, -E2BIG too large or nested too deep, -EEXIST a loop, -ENOTSUPP (524) integer
 * encodings, -ENOMEM. Every id, offset and loop in the result is safe to
 * follow: names are inside the string section, type chains of modifiers end, arrays and structs do
 * not contain themselves, nesting is at most 32 deep.
 */
struct btf_obj *btf_parse(const void *data, size_t size, struct btf_obj *base, const char *name,
			  char *why, size_t why_size, int *err);
/*
 * Whether an object file's .BTF section is sound, before a loader has given its sections their layout
 * and resolved functions and variables of elsewhere. 0, or as btf_parse().
 */
int btf_check_object(const void *data, size_t size, char *why, size_t why_size);
struct btf_obj *btf_get(struct btf_obj *btf);
void btf_put(struct btf_obj *btf); /* NULL is fine */

const char *btf_name(const struct btf_obj *btf);
struct btf_obj *btf_base(const struct btf_obj *btf);
const void *btf_raw(const struct btf_obj *btf, size_t *size);
uint32_t btf_start_id(const struct btf_obj *btf);
uint32_t btf_end_id(const struct btf_obj *btf); /* one past the last id */

/* NULL when id is out of range; id 0 is void (a type with info 0). */
const struct btf_type *btf_type(const struct btf_obj *btf, uint32_t id);
/* "" for anonymous or out of range, never NULL */
const char *btf_str(const struct btf_obj *btf, uint32_t off);
const char *btf_type_name(const struct btf_obj *btf, uint32_t id);
/* The object that holds id: btf itself or one of its bases (identity of types across objects). */
const struct btf_obj *btf_owner(const struct btf_obj *btf, uint32_t id);

static inline uint32_t btf_type_kind(const struct btf_type *t)
{
	return BTF_INFO_KIND(t->info);
}

static inline uint32_t btf_type_vlen(const struct btf_type *t)
{
	return BTF_INFO_VLEN(t->info);
}

/* Kinds of one class, so that callers need not list them. */
static inline bool btf_is_modifier(const struct btf_type *t)
{
	uint32_t k = btf_type_kind(t);

	return k == BTF_KIND_CONST || k == BTF_KIND_VOLATILE || k == BTF_KIND_RESTRICT ||
	       k == BTF_KIND_TYPEDEF || k == BTF_KIND_TYPE_TAG;
}

static inline bool btf_is_struct(const struct btf_type *t) /* or union */
{
	return btf_type_kind(t) == BTF_KIND_STRUCT || btf_type_kind(t) == BTF_KIND_UNION;
}

static inline bool btf_is_scalar(const struct btf_type *t) /* integer or enum */
{
	uint32_t k = btf_type_kind(t);

	return k == BTF_KIND_INT || k == BTF_KIND_ENUM || k == BTF_KIND_ENUM64;
}

static inline bool btf_is_ptr(const struct btf_type *t)
{
	return btf_type_kind(t) == BTF_KIND_PTR;
}

static inline const struct btf_member *btf_type_members(const struct btf_type *t)
{
	return (const struct btf_member *)(t + 1);
}

static inline const struct btf_param *btf_type_params(const struct btf_type *t)
{
	return (const struct btf_param *)(t + 1);
}

static inline const struct btf_array *btf_type_array(const struct btf_type *t)
{
	return (const struct btf_array *)(t + 1);
}

/* bit offset and bitfield size (0: not a bitfield) of member i of struct t */
uint32_t btf_member_bits(const struct btf_type *t, uint32_t i, uint32_t *bitfield_size);

/* Strips typedef, const, volatile, restrict, type tags. *res (may be NULL) gets the id reached. */
const struct btf_type *btf_skip_mods(const struct btf_obj *btf, uint32_t id, uint32_t *res);
/* As above for the pointee of a pointer type (its own modifiers stripped first); NULL: no pointer
 */
const struct btf_type *btf_pointee(const struct btf_obj *btf, uint32_t id, uint32_t *res);
/* Whether the pointer type id carries the type tag name ("rcu", "percpu", "kptr", ...). */
bool btf_ptr_has_tag(const struct btf_obj *btf, uint32_t id, const char *tag);

/* size in bytes of any sized type (modifiers skipped); -EINVAL for void, functions, incomplete */
int64_t btf_type_size(const struct btf_obj *btf, uint32_t id);

/*
 * The id of the type with this name and kind: newest object first, then its bases. -ENOENT.
 * kind BTF_KIND_UNKN matches any kind.
 */
int32_t btf_find(const struct btf_obj *btf, const char *name, uint32_t kind);
/* As above, only in btf itself, not in its base. */
int32_t btf_find_own(const struct btf_obj *btf, const char *name, uint32_t kind);
/* The first one of this kind, which is known, with an id above after: btf's own types of a name in turn. */
int32_t btf_find_next(const struct btf_obj *btf, const char *name, uint32_t kind, uint32_t after);

/*
 * Declaration tags (BTF_KIND_DECL_TAG) of type id and component idx (-1: the type itself).
 * Calls fn for each; a non-zero result ends the walk and is returned.
 */
int btf_for_each_decl_tag(const struct btf_obj *btf, uint32_t id, int32_t component,
			  int (*fn)(void *ctx, const char *tag), void *ctx);
/* The rest of the first tag that starts with prefix ("contains:" ...), or NULL. */
const char *btf_decl_tag_value(const struct btf_obj *btf, uint32_t id, int32_t component,
			       const char *prefix);

/* Two ids denote the very same type record (possibly seen through different split objects). */
bool btf_same_type(const struct btf_obj *a, uint32_t a_id, const struct btf_obj *b, uint32_t b_id);

/*
 * R3.12 of the kfunc spec: may a pointer to type a at byte offset off be used as a pointer to b?
 * strict: only the same type at offset 0.
 */
bool btf_types_match(const struct btf_obj *a, uint32_t a_id, uint32_t off, const struct btf_obj *b,
		     uint32_t b_id, bool strict);
/* R3.13: one name is the other's plus "___init" */
bool btf_is_nocast_alias(const struct btf_obj *a, uint32_t a_id, const struct btf_obj *b,
			 uint32_t b_id);
/* R3.7: struct of integers, enums, arrays of them and such structs, at most 4 levels */
bool btf_is_scalar_struct(const struct btf_obj *btf, uint32_t id);

/* What lies at byte offset off of struct id: the innermost member that covers [off, off+size). */
enum btf_walk_kind {
	BTF_WALK_SCALAR,      /* integer, enum, float, or part of one; bitfields too */
	BTF_WALK_PTR,         /* exactly a pointer member: type_id is the pointer's type id */
	BTF_WALK_STRUCT,      /* size 0: a nested struct begins here: type_id */
	BTF_WALK_BEYOND,      /* past the end of the type or of the member: -EACCES */
	BTF_WALK_HOLE,        /* padding: -EINVAL */
	BTF_WALK_PARTIAL_PTR, /* part of a pointer: -EACCES */
};

struct btf_walk {
	enum btf_walk_kind kind;
	uint32_t type_id;   /* see above; for SCALAR the member's type */
	uint32_t struct_id; /* innermost struct that holds the member */
	uint32_t member;    /* index of the member in struct_id */
	bool through_union; /* walked through a union with other than one member */
};

/*
 * Rule source: kfunc spec R6.4 (an integer access may span to the end of its array member; in a
 * struct of the kernel, into a flexible array behind it). It goes down to the innermost member, so
 * a load never gives BTF_WALK_STRUCT. size 0 asks for the outermost member struct that begins at
 * off.
 */
void btf_walk_struct(const struct btf_obj *btf, uint32_t id, uint32_t off, uint32_t size,
		     struct btf_walk *res);

/* C declaration text of a type or of a FUNC ("int f(struct s *a, u32 b__sz)"); for people. */
struct strbuf;
void btf_print_type(const struct btf_obj *btf, uint32_t id, struct strbuf *out);
void btf_print_func(const struct btf_obj *btf, uint32_t func_id, struct strbuf *out);

/*
 * Special fields of a map value or of a program-allocated struct (kfunc spec section 8, spec 8.1):
 * found once when a map or a program's BTF is loaded, never changed afterwards.
 */
enum btf_field_kind {
	BTF_FIELD_SPIN_LOCK = 1 << 0,
	BTF_FIELD_RES_SPIN_LOCK = 1 << 1,
	BTF_FIELD_TIMER = 1 << 2,
	BTF_FIELD_WORKQUEUE = 1 << 3,
	BTF_FIELD_TASK_WORK = 1 << 4,
	BTF_FIELD_KPTR_UNREF = 1 << 5,
	BTF_FIELD_KPTR_REF = 1 << 6,
	BTF_FIELD_KPTR_PERCPU = 1 << 7,
	BTF_FIELD_UPTR = 1 << 8,
	BTF_FIELD_LIST_HEAD = 1 << 9,
	BTF_FIELD_LIST_NODE = 1 << 10,
	BTF_FIELD_RB_ROOT = 1 << 11,
	BTF_FIELD_RB_NODE = 1 << 12,
	BTF_FIELD_REFCOUNT = 1 << 13,
};

#define BTF_FIELD_KPTR                                                                             \
	(BTF_FIELD_KPTR_UNREF | BTF_FIELD_KPTR_REF | BTF_FIELD_KPTR_PERCPU | BTF_FIELD_UPTR)
#define BTF_FIELD_ASYNC      (BTF_FIELD_TIMER | BTF_FIELD_WORKQUEUE)
#define BTF_FIELD_GRAPH_ROOT (BTF_FIELD_LIST_HEAD | BTF_FIELD_RB_ROOT)
#define BTF_FIELD_GRAPH_NODE (BTF_FIELD_LIST_NODE | BTF_FIELD_RB_NODE)

struct btf_field {
	enum btf_field_kind kind;
	uint32_t off;
	uint32_t size;
	/* kptrs: pointee. btf is the kernel's (kernel_type) or the program's (local type). */
	const struct btf_obj *btf;
	uint32_t type_id;
	bool kernel_type;
	/* graph roots: content struct in the same BTF as the root, and its node's offset */
	uint32_t content_id;
	uint32_t node_off;
	/* KPTR_REF of a kernel type: BTF id of the destructor's FUNC in btf */
	uint32_t dtor_id;
};

struct btf_fields {
	uint32_t n;
	uint32_t mask;        /* kinds present */
	int32_t lock_off;     /* offset of the (res) spin lock, -1 if none */
	int32_t refcount_off; /* -1 if none */
	struct btf_field f[]; /* sorted by offset */
};

#endif

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Longest prefix match. A key is a 4-byte prefix length and data bytes, most significant bit first;
 * a lookup gives the value of the longest stored prefix of the key's data.
 *
 * A path-compressed binary trie: each node has a prefix, children by the next bit, and may have no
 * value of its own (an inner node that only separates two). Readers walk under RCU; writers share a
 * lock, change one pointer at a time, and let what they unlink go after a grace period. A node
 * never changes its prefix; a new value for a prefix is a new node in its place.
 *
 * Prefixes longer than the data are EINVAL. Iteration gives children before their parents, the
 * order in which callers may delete while they walk.
 */
#include "maps/maps.h"

struct node {
	struct rcu_head rcu;
	struct node *child[2]; /* read with acquire, written with release under the lock */
	struct node *todo;     /* of what is being unlinked or freed */
	uint32_t len;          /* bits */
	bool inner;            /* no value */
	uint8_t data[] __attribute__((aligned(8))); /* prefix, padded to 8, then the value */
};

struct trie {
	struct rt_map map;
	uint32_t lock;
	uint32_t count; /* nodes with a value */
	uint32_t data_size, data_room;
	struct node *root;
};

static struct trie *trie(const struct rt_map *map)
{
	return (struct trie *)map;
}

static struct node *load(struct node *const *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static void store(struct node **p, struct node *n)
{
	__atomic_store_n(p, n, __ATOMIC_RELEASE);
}

static uint8_t *value_of(const struct trie *t, const struct node *n)
{
	return (uint8_t *)n->data + t->data_room;
}

static struct rt_map *trie_alloc(const struct kfunc_kernel *k, const union bpf_attr *attr, int *err)
{
	struct trie *t = mem_zalloc(sizeof(*t));

	(void)k;
	if (!t) {
		*err = -ENOMEM;
		return NULL;
	}
	t->data_size = attr->key_size - 4;
	t->data_room = map_round8(t->data_size);
	return &t->map;
}

static void trie_free(struct rt_map *map)
{
	struct node *n = trie(map)->root, *next;

	/* a list of what is left: a node's children go to its front */
	while (n) {
		next = n->todo;
		for (int i = 0; i < 2; i++)
			if (n->child[i]) {
				n->child[i]->todo = next;
				next = n->child[i];
			}
		mem_free(n);
		n = next;
	}
	mem_free(trie(map));
}

static void free_node(struct rcu_head *head)
{
	mem_free((char *)head - offsetof(struct node, rcu));
}

static unsigned int bit(const uint8_t *data, uint32_t i)
{
	return data[i / 8] >> (7 - i % 8) & 1;
}

/* how many leading bits are equal, at most max */
static uint32_t common(const uint8_t *a, const uint8_t *b, uint32_t max)
{
	uint32_t i = 0;

	while (i + 8 <= max && a[i / 8] == b[i / 8])
		i += 8;
	while (i < max && bit(a, i) == bit(b, i))
		i++;
	return i;
}

static uint32_t key_len(const void *key)
{
	uint32_t len;

	memcpy(&len, key, sizeof(len));
	return len;
}

static const uint8_t *key_data(const void *key)
{
	return (const uint8_t *)key + 4;
}

/* In a read section. */
static struct node *longest(const struct trie *t, const void *key)
{
	uint32_t len = key_len(key);
	struct node *n, *found = NULL;

	if (len > t->data_size * 8)
		return NULL;
	for (n = load(&t->root); n; n = load(&n->child[bit(key_data(key), n->len)])) {
		if (n->len > len || common(n->data, key_data(key), n->len) < n->len)
			break;
		if (!n->inner)
			found = n;
		if (n->len == len || n->len == t->data_size * 8)
			break;
	}
	return found;
}

static void *trie_lookup(struct rt_map *map, const void *key)
{
	struct node *n = longest(trie(map), key);

	return n ? value_of(trie(map), n) : NULL;
}

static struct node *node_new(const struct trie *t, uint32_t len, const uint8_t *data,
			     const void *value)
{
	struct node *n = mem_zalloc(sizeof(*n) + t->data_room + map_round8(t->map.desc.value_size));

	if (!n)
		return NULL;
	n->len = len;
	n->inner = !value;
	memcpy(n->data, data, t->data_size);
	if (value)
		memcpy(value_of(t, n), value, t->map.desc.value_size);
	return n;
}

/*
 * Lock held: the place where a node of this prefix is or belongs. *match: bits that the node in
 * that place shares with the prefix.
 */
static struct node **place_of(struct trie *t, uint32_t len, const uint8_t *data, uint32_t *match)
{
	struct node **at = &t->root, *n;

	*match = 0;
	while ((n = *at)) {
		*match = common(n->data, data, n->len < len ? n->len : len);
		if (*match < n->len || n->len == len)
			break;
		at = &n->child[bit(data, n->len)];
	}
	return at;
}

/* Lock held. n is the new node; old nodes to free come back in *gone. */
static int insert(struct trie *t, struct node *n, struct node **gone)
{
	uint32_t match;
	struct node **at = place_of(t, n->len, n->data, &match), *old = *at, *between;

	*gone = NULL;
	if (old && match == old->len && old->len == n->len) {
		/* the same prefix: takes the place and the children */
		n->child[0] = old->child[0];
		n->child[1] = old->child[1];
		*gone = old;
	} else if (old && match == n->len) {
		/* a shorter prefix of what is there: goes above it */
		n->child[bit(old->data, n->len)] = old;
	} else if (old) {
		between = node_new(t, match, n->data, NULL);
		if (!between)
			return -ENOMEM;
		between->child[bit(n->data, match)] = n;
		between->child[bit(old->data, match)] = old;
		n = between;
	}
	store(at, n);
	return 0;
}

static long trie_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	struct trie *t = trie(map);
	uint32_t len = key_len(key), match;
	struct node *n, *old, *gone = NULL;
	bool there;
	int err = 0;

	if (flags > BPF_EXIST || len > t->data_size * 8)
		return -EINVAL;
	n = node_new(t, len, key_data(key), value);
	if (!n)
		return -ENOMEM;
	rt_spin_lock(&t->lock);
	old = *place_of(t, len, key_data(key), &match);
	there = old && old->len == len && match == len && !old->inner;
	if (there && flags == BPF_NOEXIST)
		err = -EEXIST;
	else if (!there && flags == BPF_EXIST)
		err = -ENOENT;
	else if (!there && t->count == map->desc.max_entries)
		err = -ENOSPC;
	else
		err = insert(t, n, &gone);
	if (!err && !there)
		t->count++;
	rt_spin_unlock(&t->lock);
	if (err)
		mem_free(n);
	else if (gone)
		rt_rcu_call(&gone->rcu, free_node);
	return err;
}

/* Lock held: the place that leads to a node, its parent's place in *above (NULL: none). */
static struct node **find_exact(struct trie *t, uint32_t len, const uint8_t *data,
				struct node ***above)
{
	struct node **at = &t->root, *n;

	*above = NULL;
	while ((n = *at)) {
		if (n->len > len || common(n->data, data, n->len) < n->len)
			return NULL;
		if (n->len == len)
			return n->inner ? NULL : at;
		*above = at;
		at = &n->child[bit(data, n->len)];
	}
	return NULL;
}

/* Lock held: takes a node out. With both children it stays as an inner node, which needs a new one.
 */
static int unlink_node(struct trie *t, struct node **at, struct node **above, struct node *gone[2])
{
	struct node *n = *at, *parent = above ? *above : NULL, *rest;

	gone[0] = n;
	gone[1] = NULL;
	if (n->child[0] && n->child[1]) {
		rest = node_new(t, n->len, n->data, NULL);
		if (!rest)
			return -ENOMEM;
		rest->child[0] = n->child[0];
		rest->child[1] = n->child[1];
		store(at, rest);
		return 0;
	}
	rest = n->child[0] ? n->child[0] : n->child[1];
	if (!rest && parent && parent->inner) {
		/* its parent only separated it from its sibling */
		gone[1] = parent;
		store(above, parent->child[at == &parent->child[0]]);
		return 0;
	}
	store(at, rest);
	return 0;
}

static long trie_delete(struct rt_map *map, const void *key)
{
	struct trie *t = trie(map);
	struct node **at, **above, *gone[2] = {NULL, NULL};
	uint32_t len = key_len(key);
	int err;

	if (len > t->data_size * 8)
		return -EINVAL;
	rt_spin_lock(&t->lock);
	at = find_exact(t, len, key_data(key), &above);
	err = at ? unlink_node(t, at, above, gone) : -ENOENT;
	if (!err)
		t->count--;
	rt_spin_unlock(&t->lock);
	for (int i = 0; !err && i < 2; i++)
		if (gone[i])
			rt_rcu_call(&gone[i]->rcu, free_node);
	return err;
}

static int trie_user_lookup(struct rt_map *map, const void *key, void *value, uint64_t flags)
{
	struct node *n;

	if (flags)
		return -EINVAL;
	rt_rcu_read_lock();
	n = longest(trie(map), key);
	if (n)
		rt_copy_shared(value, value_of(trie(map), n), map->desc.value_size);
	rt_rcu_read_unlock();
	return n ? 0 : -ENOENT;
}

static int trie_user_update(struct rt_map *map, const void *key, const void *value, uint64_t flags)
{
	return trie_update(map, key, value, flags);
}

/* ---- iteration: children first ---- */

struct walk {
	const struct trie *t;
	const void *key; /* the one before; NULL: none */
	bool passed;     /* it was seen */
	const struct node *found;
};

/* false: stop. Depth is at most the number of bits (2048). */
static bool visit(struct walk *w, const struct node *n)
{
	for (int i = 0; i < 2; i++) {
		const struct node *c = load(&((struct node *)n)->child[i]);

		if (c && !visit(w, c))
			return false;
	}
	if (n->inner)
		return true;
	if (w->passed) {
		w->found = n;
		return false;
	}
	if (n->len == key_len(w->key) && common(n->data, key_data(w->key), n->len) == n->len)
		w->passed = true;
	return true;
}

static int trie_next_key(struct rt_map *map, const void *key, void *next)
{
	struct trie *t = trie(map);
	struct walk w = {.t = t, .key = key};
	struct node *root;

	rt_rcu_read_lock();
	root = load(&t->root);
	w.passed = !key || key_len(key) > t->data_size * 8;
	if (root)
		visit(&w, root);
	if (root && !w.passed) { /* a key that is not there: from the beginning */
		w.passed = true;
		visit(&w, root);
	}
	if (w.found) {
		memset(next, 0, map->desc.key_size);
		memcpy(next, &w.found->len, 4);
		memcpy((uint8_t *)next + 4, w.found->data, t->data_size);
	}
	rt_rcu_read_unlock();
	return w.found ? 0 : -ENOENT;
}

const struct rt_map_ops map_lpm_trie_ops = {
	.type = BPF_MAP_TYPE_LPM_TRIE,
	.alloc = trie_alloc,
	.free = trie_free,
	.lookup = trie_lookup,
	.update = trie_update,
	.del = trie_delete,
	.user_lookup = trie_user_lookup,
	.user_update = trie_user_update,
	.next_key = trie_next_key,
};

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kfunc sets of a vmlinux (kfunc spec 1.1). Section .BTF_ids holds them resolved: count, set
 * flags (bit 0: kfuncs, since 6.9), then pairs of id and KF_ flags in ascending order of id. There
 * are no symbols, so every word that could begin such a set is tried; the flag and the order leave
 * no doubt.
 *
 * Which program types a set is registered for is in the code: a struct btf_kfunc_id_set {owner,
 * set, filter} somewhere in data points at the set, and init code on x86-64 passes its address in
 * %rsi and the type in %edi to the registration function.
 */
#include "kernel/image.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"

#define MAX_SETS   256
#define MAX_USES   512
#define SET_KFUNCS 1

struct found_set {
	uint64_t addr;
	uint32_t pos, n; /* words in the section, pairs */
	uint64_t progs;
	bool fmodret_only;
};

/* a struct btf_kfunc_id_set */
struct use {
	uint64_t addr;
	uint32_t set;
};

struct search {
	const struct image_elf *elf;
	const struct btf_obj *btf;
	struct found_set set[MAX_SETS];
	uint32_t n_sets;
	struct use use[MAX_USES];
	uint32_t n_uses;
};

static uint32_t word(const uint8_t *p, uint64_t i)
{
	uint32_t v;

	memcpy(&v, p + i * 4, sizeof(v));
	return v;
}

static bool is_func(const struct btf_obj *btf, uint32_t id)
{
	const struct btf_type *t = btf_type(btf, id);

	return id && t && btf_type_kind(t) == BTF_KIND_FUNC;
}

/* pairs of a set that begins at word pos, 0: none does */
static uint32_t set_at(const struct search *s, const uint8_t *p, uint64_t words, uint64_t pos)
{
	uint32_t n, i, last = 0;

	if (words - pos < 4)
		return 0;
	n = word(p, pos);
	if (!n || n > 1024 || word(p, pos + 1) != SET_KFUNCS || (uint64_t)n * 2 > words - pos - 2)
		return 0;
	for (i = 0; i < n; i++) {
		uint32_t id = word(p, pos + 2 + 2 * (uint64_t)i);

		if (id <= last || !is_func(s->btf, id))
			return 0;
		last = id;
	}
	return n;
}

static void find_sets(struct search *s, const struct image_section *sec, const uint8_t *p)
{
	uint64_t pos, words = sec->size / 4;

	for (pos = 0; pos < words && s->n_sets < MAX_SETS;) {
		uint32_t n = set_at(s, p, words, pos);

		if (!n) {
			pos++;
			continue;
		}
		s->set[s->n_sets++] =
			(struct found_set){.addr = sec->addr + pos * 4, .pos = pos, .n = n};
		pos += 2 + 2 * (uint64_t)n;
	}
}

/* data words that hold the address of a set: the second member of its registration struct */
static void find_uses(struct search *s, const struct image_section *sec, const uint8_t *p)
{
	uint64_t lo = s->set[0].addr, hi = s->set[s->n_sets - 1].addr, i, v;

	for (i = 8; i + 8 <= sec->size && s->n_uses < MAX_USES; i += 8) {
		uint32_t j;

		memcpy(&v, p + i, sizeof(v));
		if (v < lo || v > hi)
			continue;
		for (j = 0; j < s->n_sets; j++)
			if (s->set[j].addr == v)
				s->use[s->n_uses++] = (struct use){sec->addr + i - 8, j};
	}
}

/*
 * The type that is in %edi for a call near the instruction at p[at] of 7 bytes: the compiler puts
 * the two arguments next to each other. -1: not understood.
 */
static int32_t type_near(const uint8_t *p, uint64_t size, uint64_t at)
{
	uint64_t after = at + 7;
	uint32_t v;

	if (at >= 5 && p[at - 5] == 0xbf) /* mov $v, %edi */
		memcpy(&v, p + at - 4, sizeof(v));
	else if (after + 5 <= size && p[after] == 0xbf)
		memcpy(&v, p + after + 1, sizeof(v));
	else if ((at >= 2 && p[at - 2] == 0x31 && p[at - 1] == 0xff) || /* xor %edi, %edi */
		 (after + 2 <= size && p[after] == 0x31 && p[after + 1] == 0xff))
		v = 0;
	else
		return -1;
	return v < 64 ? (int32_t)v : -1;
}

/* mov $imm32, %rsi (type registration) or %rdi (fmod_ret) with the address of a registration struct
 */
static void find_calls(struct search *s, const struct image_section *sec, const uint8_t *p)
{
	uint64_t i;

	for (i = 0; i + 7 <= sec->size; i++) {
		int32_t imm, type;
		uint32_t j;

		if (p[i] != 0x48 || p[i + 1] != 0xc7 || (p[i + 2] != 0xc6 && p[i + 2] != 0xc7))
			continue;
		memcpy(&imm, p + i + 3, sizeof(imm));
		for (j = 0; j < s->n_uses; j++)
			if (s->use[j].addr == (uint64_t)(int64_t)imm)
				break;
		if (j == s->n_uses)
			continue;
		if (p[i + 2] == 0xc7) {
			s->set[s->use[j].set].fmodret_only = true;
			continue;
		}
		type = type_near(p, sec->size, i);
		if (type >= 0)
			s->set[s->use[j].set].progs |= 1ull << type;
	}
}

typedef void (*section_fn)(struct search *s, const struct image_section *sec, const uint8_t *p);

static int each_section(struct search *s, bool code, section_fn fn)
{
	uint32_t i;

	for (i = 0; i < s->elf->n; i++) {
		const struct image_section *sec = &s->elf->sec[i];
		uint8_t *p;
		int err;

		if (sec->type != SHT_PROGBITS || !(sec->flags & SHF_ALLOC) ||
		    code != !!(sec->flags & SHF_EXECINSTR) || sec->size < 16)
			continue;
		/* registration is init code */
		if (code && strncmp(sec->name, ".init", 5) != 0)
			continue;
		p = image_elf_load(s->elf, sec, &err);
		if (!p)
			return err;
		fn(s, sec, p);
		mem_free(p);
	}
	return 0;
}

static int add_rows(const struct search *s, const uint8_t *p, struct kernel_kfuncs *out)
{
	uint32_t i, j;
	int err = 0;

	for (i = 0; i < s->n_sets && !err; i++) {
		const struct found_set *set = &s->set[i];

		if (set->fmodret_only && !set->progs)
			continue;
		for (j = 0; j < set->n && !err; j++) {
			uint64_t at = set->pos + 2 + 2 * (uint64_t)j;
			struct kernel_kfunc row = {.id = word(p, at),
						   /* bit 31 is this library's own */
						   .flags = word(p, at + 1) & 0x7fffffff,
						   .progs = set->progs,
						   .set = i + 1};

			err = kernel_kfuncs_add(out, &row);
		}
	}
	return err;
}

int image_kfunc_sets(const struct image_elf *elf, const struct btf_obj *btf,
		     struct kernel_kfuncs *out)
{
	const struct image_section *ids = image_elf_find(elf, ".BTF_ids");
	struct search *s;
	uint8_t *p;
	int err = 0;

	if (!ids)
		return 0;
	s = mem_zalloc(sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->elf = elf;
	s->btf = btf;
	p = image_elf_load(elf, ids, &err);
	if (!p)
		goto out;
	find_sets(s, ids, p);
	if (s->n_sets && elf->x86) {
		err = each_section(s, false, find_uses);
		if (!err)
			err = each_section(s, true, find_calls);
	}
	if (!err)
		err = add_rows(s, p, out);
	mem_free(p);
out:
	mem_free(s);
	return err;
}

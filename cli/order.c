/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * In which order objects are taken up when several are checked at a time. One that takes long must not be
 * left for the end, where only one thread has something to do. What a program costs is only known
 * afterwards, but what costs far more than its size lets expect has a loop: objects with a jump backwards
 * come first, then the others, both by their number of instructions. Looking is done while the kernel is
 * loaded.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "check.h"

#define LOOPS  (1ull << 40)
#define SOURCE (1ull << 41) /* it has to be compiled first */

struct weighed {
	uint64_t weight;
	unsigned int i;
};

static bool jumps_back(const struct bpf_insn *insn)
{
	switch (insn->code) {
	case BPF_JMP32 | BPF_JA:
		return insn->imm < 0;
	case BPF_JMP | BPF_CALL:
	case BPF_JMP | BPF_EXIT:
		return false;
	default:
		return (BPF_CLASS(insn->code) == BPF_JMP || BPF_CLASS(insn->code) == BPF_JMP32) &&
		       insn->off < 0;
	}
}

static uint64_t weigh_section(Elf_Scn *scn)
{
	const struct bpf_insn *insns;
	uint64_t weight = 0;
	Elf_Data *data;
	GElf_Shdr sh;
	size_t i, n;

	if (!gelf_getshdr(scn, &sh) || sh.sh_type != SHT_PROGBITS || !(sh.sh_flags & SHF_EXECINSTR))
		return 0;
	data = elf_rawdata(scn, NULL);
	insns = data ? data->d_buf : NULL;
	n = insns ? data->d_size / sizeof(*insns) : 0;
	for (i = 0; i < n; i++) {
		weight += 1;
		if (jumps_back(&insns[i]))
			weight |= LOOPS;
	}
	return weight;
}

static uint64_t weigh(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	Elf *elf = fd >= 0 ? elf_begin(fd, ELF_C_READ_MMAP, NULL) : NULL;
	uint64_t weight = SOURCE, loops = 0;
	Elf_Scn *scn = NULL;

	if (elf && elf_kind(elf) == ELF_K_ELF) {
		weight = 0;
		while ((scn = elf_nextscn(elf, scn))) {
			uint64_t w = weigh_section(scn);

			loops |= w & LOOPS;
			weight += w & ~LOOPS;
		}
	}
	elf_end(elf);
	if (fd >= 0)
		close(fd);
	return weight | loops;
}

static int heavier_first(const void *a, const void *b)
{
	const struct weighed *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight < y->weight ? 1 : -1;
	return (x->i > y->i) - (x->i < y->i);
}

static void *set_order(void *arg)
{
	struct check *c = arg;
	struct weighed *w = calloc(c->n, sizeof(*w));
	unsigned int i;

	if (!w)
		return NULL; /* then as they stand */
	elf_version(EV_CURRENT);
	for (i = 0; i < c->n; i++)
		w[i] = (struct weighed){.weight = weigh(c->operands[i]), .i = i};
	qsort(w, c->n, sizeof(*w), heavier_first);
	for (i = 0; i < c->n; i++)
		c->order[i] = w[i].i;
	free(w);
	return NULL;
}

int order_start(struct check *c, unsigned int jobs)
{
	unsigned int i;

	c->order = calloc(c->n, sizeof(*c->order));
	if (!c->order)
		return -ENOMEM;
	for (i = 0; i < c->n; i++)
		c->order[i] = i;
	c->ordering =
		jobs > 1 && c->n > jobs && pthread_create(&c->orderer, NULL, set_order, c) == 0;
	return 0;
}

void order_end(struct check *c)
{
	if (c->ordering)
		pthread_join(c->orderer, NULL);
	c->ordering = false;
}

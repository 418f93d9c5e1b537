/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which instructions form loops, and which loops are being explored (verifier spec R9.5).
 *
 * Before the walk every instruction of a loop of its function gets the loop's number: the strongly
 * connected components of the control flow, where a call leads behind itself. During the walk a visit
 * is one exploration of a loop from the first state stored in it until that state is finished. What
 * tells visits apart is the outermost frame that stands in a loop, and the calls that lead to it. From
 * the moment a path of a visit ends at a state that is not complete, Linux compares all finished states
 * of that loop like unfinished ones, also those that earlier visits left behind.
 */
#include "isa/isa.h"
#include "verifier/states.h"

/* ---------------------------------------------------------------- components */

struct search {
	struct vf_env *env;
	uint32_t *index, *low; /* 0: not seen yet */
	uint32_t *stack;       /* members of components that are not complete */
	uint32_t *path;        /* instructions under way */
	uint8_t *side;         /* per instruction: successors done so far */
	uint32_t n_seen, n_stack, n_path, n_loops;
};

/* The k-th successor within the function, or -1. */
static int64_t successor(const struct vf_env *env, uint32_t i, int k)
{
	const struct bpf_insn *insn = &env->prog->insns[i];
	uint8_t class = BPF_CLASS(insn->code), op = BPF_OP(insn->code);
	bool jump = class == BPF_JMP || class == BPF_JMP32;
	int64_t target =
		(int64_t)i + 1 + (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);

	if (!jump || op == BPF_CALL)
		return k ? -1 : (int64_t)i + 1 + isa_is_ldimm64(insn);
	if (op == BPF_EXIT)
		return -1;
	if (op == BPF_JA)
		return k ? -1 : target;
	return k ? target : (int64_t)i + 1;
}

static void enter(struct search *s, uint32_t i)
{
	s->index[i] = s->low[i] = ++s->n_seen;
	s->stack[s->n_stack++] = i;
	s->path[s->n_path++] = i;
}

/* All that follows i is seen; if i is the first of its component, that is complete. */
static void leave(struct search *s, uint32_t i)
{
	bool loop = s->stack[s->n_stack - 1] != i || successor(s->env, i, 0) == i ||
		    successor(s->env, i, 1) == i;
	uint32_t member;

	s->n_path--;
	if (s->n_path && s->low[i] < s->low[s->path[s->n_path - 1]])
		s->low[s->path[s->n_path - 1]] = s->low[i];
	if (s->low[i] != s->index[i])
		return;
	s->n_loops += loop;
	do {
		member = s->stack[--s->n_stack];
		s->low[member] = UINT32_MAX; /* of no one's component any more */
		s->env->info[member].loop = loop ? s->n_loops : 0;
	} while (member != i);
}

static void find_from(struct search *s, uint32_t start)
{
	enter(s, start);
	while (s->n_path) {
		uint32_t i = s->path[s->n_path - 1];
		int64_t to = s->side[i] < 2 ? successor(s->env, i, s->side[i]) : -1;

		if (s->side[i] == 2) {
			leave(s, i);
			continue;
		}
		s->side[i]++;
		if (to < 0 || to >= s->env->prog->n_insns)
			continue;
		if (!s->index[to])
			enter(s, (uint32_t)to);
		else if (s->low[to] != UINT32_MAX && s->index[to] < s->low[i])
			s->low[i] = s->index[to];
	}
}

int vf_find_loops(struct vf_env *env)
{
	uint32_t n = env->prog->n_insns;
	struct search s = {.env = env};
	int err = 0;

	s.index = mem_calloc(n, sizeof(*s.index));
	s.low = mem_calloc(n, sizeof(*s.low));
	s.stack = mem_calloc(n, sizeof(*s.stack));
	s.path = mem_calloc(n, sizeof(*s.path));
	s.side = mem_calloc(n, sizeof(*s.side));
	if (s.index && s.low && s.stack && s.path && s.side)
		for (uint32_t i = 0; i < env->n_subprogs; i++)
			find_from(&s, env->subprog[i].start);
	else
		err = vf_nomem(env);
	mem_free(s.index);
	mem_free(s.low);
	mem_free(s.stack);
	mem_free(s.path);
	mem_free(s.side);
	return err;
}

/* ---------------------------------------------------------------- visits */

static bool same_place(const struct vf_visit *v, const struct vf_state *st, uint32_t depth,
		       uint32_t loop)
{
	if (v->loop != loop || v->depth != depth)
		return false;
	for (uint32_t f = 1; f <= depth; f++)
		if (v->callsite[f] != st->frame[f]->head.callsite)
			return false;
	return true;
}

static struct vf_visit *new_visit(struct vf_env *env, const struct vf_state *st, uint32_t depth,
				  uint32_t loop)
{
	struct vf_visit *v = vf_mem_alloc(env, sizeof(*v) + (depth + 1) * sizeof(v->callsite[0]));

	if (!v) {
		vf_nomem(env);
		return NULL;
	}
	v->loop = loop;
	v->depth = depth;
	for (uint32_t f = 1; f <= depth; f++)
		v->callsite[f] = st->frame[f]->head.callsite;
	v->next = env->visits;
	env->visits = v;
	return v;
}

int vf_enter_loop(struct vf_env *env, struct vf_stored *stored)
{
	const struct vf_state *st = env->cur;
	struct vf_visit *v = stored->path.parent ? stored->path.parent->visit : NULL;
	uint32_t depth = 0, loop = 0;

	for (; depth <= st->cur_frame && !loop; depth++)
		loop = env->info[depth < st->cur_frame ? st->frame[depth + 1]->head.callsite
						       : st->insn]
			       .loop;
	if (!loop)
		return 0;
	depth--;
	if (!v || !same_place(v, st, depth, loop))
		for (v = env->visits; v && !same_place(v, st, depth, loop); v = v->next)
			;
	if (!v)
		v = new_visit(env, st, depth, loop);
	if (!v)
		return -ENOMEM;
	if (!v->entry)
		v->entry = stored;
	stored->visit = v;
	return 0;
}

void vf_leave_loop(struct vf_stored *st)
{
	if (!st->visit || st->visit->entry != st)
		return;
	st->visit->entry = NULL;
	st->visit->incomplete = false;
}

void vf_visits_free(struct vf_env *env)
{
	while (env->visits) {
		struct vf_visit *v = env->visits;

		env->visits = v->next;
		vf_mem_free(env, v);
	}
}

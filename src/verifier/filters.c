/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the filters of kfunc sets get to see of the program (kfunc spec 1.4): the public header's
 * struct bpf_prog, made when the first call asks for it. For an extension it shows the target's type,
 * as the lookup does (R1.11).
 */
#include "verifier/call.h"

#include <string.h>

#include <kfunc/kfunc.h>

#include "base/mem.h"

struct view {
	struct bpf_prog prog; /* first: what env->filter_view points to */
	struct bpf_prog_aux aux;
};

int vf_filter_view(struct vf_env *env)
{
	const struct vf_program *p = env->prog;
	struct view *v;

	if (env->filter_view)
		return 0;
	v = mem_zalloc(sizeof(*v));
	if (!v)
		return vf_nomem(env);
	v->prog.type = vf_prog_type(env);
	v->prog.expected_attach_type = env->place.attach_type;
	v->prog.gpl_compatible = env->gpl;
	v->prog.sleepable = env->place.sleepable;
	v->prog.len = p->n_insns;
	v->prog.aux = &v->aux;
	v->aux.prog = &v->prog;
	v->aux.attach_btf_id = p->attach_btf_id;
	memcpy(v->aux.name, p->name, sizeof(v->aux.name));
	v->aux.name[sizeof(v->aux.name) - 1] = '\0';
	env->filter_view = &v->prog;
	return 0;
}

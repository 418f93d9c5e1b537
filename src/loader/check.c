/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Judging every program of an object by itself. libbpf loads all programs in one go: the boundary
 * hands it a descriptor for each, whatever the verdict, which the session keeps (session.c). Where
 * libbpf itself gives up, on an attach target that does not exist or a map that cannot be made, the
 * program it gave up on gets that as its verdict and the object is opened again for the rest. If it
 * cannot be told which program was at fault, each is tried alone.
 *
 * Two programs of one object may exclude each other (one fills a map slot of the other's struct_ops
 * table); then the single tries give each its own verdict.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "loader/loader.h"

static bool wanted(const struct kfunc_program *p)
{
	return p->autoload && !p->judged;
}

/* One load of the programs for which want is set. 0 or what libbpf said, its words in why. */
static int load_once(struct kfunc_object *obj, const bool *want, char *why, size_t why_size)
{
	struct loader_session s;
	struct bpf_map *map;
	uint32_t i;
	int err;

	err = loader_enter(&s, obj->kernel, obj);
	s.check = true;
	if (!err && !obj->bpf)
		err = loader_open_bpf(obj);
	if (!err) {
		for (i = 0; i < obj->n_progs; i++)
			bpf_program__set_autoload(obj->progs[i].bpf, want[i]);
		/* nothing outlives a check, so nothing is kept in a file system */
		bpf_object__for_each_map(map, obj->bpf) bpf_map__set_pin_path(map, NULL);
		err = bpf_object__load(obj->bpf) ? loader_errno(-errno) : 0;
	}
	loader_log_summary(&s, why, why_size);
	if (err && s.log.err)
		err = s.log.err; /* what libbpf said decides whom it is about */
	loader_close_bpf(obj);
	loader_leave(&s);
	return err;
}

static bool names(const char *why, const struct kfunc_program *p)
{
	size_t n = strlen(p->name);

	return strncmp(why, "prog '", 6) == 0 && strncmp(why + 6, p->name, n) == 0 &&
	       why[6 + n] == '\'';
}

/*
 * Whom to blame for a failed load: the program that libbpf names; the only one that was tried; or the
 * first one without a verdict if others have got theirs, since libbpf loads in order. NULL: unknown, or
 * (*again) it failed after its verdict, for want of memory or descriptors, and the rest is still to come.
 */
static struct kfunc_program *at_fault(struct kfunc_object *obj, const bool *want, const char *why,
				      bool *again)
{
	struct kfunc_program *first = NULL;
	uint32_t i, tried = 0, judged = 0;

	for (i = 0; i < obj->n_progs; i++) {
		struct kfunc_program *p = &obj->progs[i];

		if (!want[i])
			continue;
		tried++;
		judged += p->judged;
		*again |= p->judged && names(why, p);
		if (p->judged)
			continue;
		if (!first)
			first = p;
		if (names(why, p))
			return p;
	}
	return !*again && (judged || tried == 1) ? first : NULL;
}

/* Whether there is any. */
static bool select_wanted(struct kfunc_object *obj, bool *want)
{
	bool any = false;
	uint32_t i;

	for (i = 0; i < obj->n_progs; i++) {
		want[i] = wanted(&obj->progs[i]);
		any |= want[i];
	}
	return any;
}

static void check_alone(struct kfunc_object *obj, bool *want)
{
	char why[DIAG_TEXT];
	uint32_t i;
	int err;

	for (i = 0; i < obj->n_progs; i++) {
		struct kfunc_program *p = &obj->progs[i];

		if (!wanted(p))
			continue;
		memset(want, 0, obj->n_progs * sizeof(*want));
		want[i] = true;
		err = load_once(obj, want, why, sizeof(why));
		if (!p->judged)
			loader_refuse_by_libbpf(p, err ? err : -EINVAL,
						err ? why : "the loader left this program out");
	}
}

int kfunc_object__check(struct kfunc_object *obj)
{
	struct kfunc_program *p;
	char why[DIAG_TEXT];
	bool *want;
	int err;

	if (!obj)
		return -EINVAL;
	if (obj->loaded || obj->checked)
		return -EALREADY;
	want = mem_calloc(obj->n_progs, sizeof(*want));
	if (!want)
		return -ENOMEM;
	obj->checked = true;
	while (select_wanted(obj, want)) {
		bool again = false;

		err = load_once(obj, want, why, sizeof(why));
		p = err ? at_fault(obj, want, why, &again) : NULL;
		if (p)
			loader_refuse_by_libbpf(p, err, why);
		else if (!again)
			break;
	}
	check_alone(obj, want);
	mem_free(want);
	return 0;
}

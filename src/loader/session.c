/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A thread's business with libbpf: which kernel and object it works on, which program is being
 * loaded, and what libbpf says. Sessions nest, since a host's callback may load another object.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/mem.h"
#include "contract/registry.h"
#include "contract/words.h"
#include "kernel/module.h"
#include "loader/loader.h"
#include "loader/relo.h"
#include "syscall/libc_hooks.h"

static _Thread_local struct loader_session *current;
static pthread_once_t print_once = PTHREAD_ONCE_INIT;

/* libbpf puts the numbers of these into the immediate of a call to a helper that cannot exist */
#define POISON_MAP   2001000000
#define POISON_KFUNC 2002000000
#define POISON_RELO  195896080

struct loader_session *loader_session(void)
{
	return current;
}

static int print_line(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (level == LIBBPF_WARN && current && current->log.len < LOADER_MAX_LOG)
		strbuf_vprintf(&current->log, fmt, args);
	return 0;
}

static void set_print(void)
{
	libbpf_set_print(print_line);
}

/* First line of the insn-th instruction's call, if it is one that libbpf has disabled. */
static int poison_of(const struct vf_program *prog, const struct diag_report *r)
{
	const struct bpf_insn *insn;

	if (!prog || !r->has_insn || r->insn >= prog->n_insns)
		return 0;
	insn = &prog->insns[r->insn];
	if (insn->code != (BPF_JMP | BPF_CALL) || insn->src_reg != 0)
		return 0;
	return insn->imm >= POISON_MAP || insn->imm == POISON_RELO ? insn->imm : 0;
}

static void replace(struct diag_report *r, enum diag_code code)
{
	r->verdict = DIAG_ACCEPT;
	r->help[0] = '\0';
	r->n_notes = 0;
	r->code = code;
}

/* A host's own function that is gone: it may have left words (KFUNC_DOC without a function). */
static bool say_removed_by_host(struct diag_report *r, const char *name)
{
	const char *doc = module_doc(name);
	struct strbuf words = {0};
	bool told = contract_doc_paragraph(doc, "Removed:", &words);

	if (told) {
		replace(r, KF_KFUNC_REMOVED);
		diag_fail(r, KF_KFUNC_REMOVED, "%s() was removed: %s", name, strbuf_str(&words));
	}
	strbuf_free(&words);
	return told;
}

static void say_missing_kfunc(struct diag_report *r, const struct kfunc_kernel *k, const char *name)
{
	const struct contract_history *h = contract_history(name);

	if (h && h->removed && k->version >= h->removed) {
		replace(r, KF_KFUNC_REMOVED);
		diag_fail(r, KF_KFUNC_REMOVED,
			  "kernel %s has no kernel function %s(): it was removed in Linux %u.%u",
			  k->release, name, h->removed >> 8, h->removed & 0xff);
		if (h->instead)
			snprintf(r->help, sizeof(r->help), "instead: %s", h->instead);
		return;
	}
	if (h && k->version < h->since) {
		replace(r, KF_KFUNC_LATER);
		diag_fail(r, KF_KFUNC_LATER,
			  "kernel %s has no kernel function %s(): it came with Linux %u.%u",
			  k->release, name, h->since >> 8, h->since & 0xff);
		return;
	}
	if (k->live && say_removed_by_host(r, name))
		return;
	replace(r, KF_KFUNC_MISSING);
	diag_fail(r, KF_KFUNC_MISSING, "kernel %s has no kernel function %s()", k->release, name);
}

static void say_unresolved(struct diag_report *r, const struct loader_session *s)
{
	const struct bpf_core_relo *relo =
		loader_core_relo_at(s->obj->bpf, s->current->bpf, r->insn);
	struct strbuf name = {0};

	replace(r, KF_RELO_FAILED);
	if (relo && loader_relo_name(s->obj->bpf, relo, &name))
		diag_fail(r, KF_RELO_FAILED, "kernel %s has no counterpart of %s",
			  s->kernel->release, strbuf_str(&name));
	else
		diag_fail(r, KF_RELO_FAILED,
			  "this access was not resolved in the types of kernel %s",
			  s->kernel->release);
	strbuf_free(&name);
}

/* The verifier sees a call to nowhere; the object file knows what it was. */
static void name_the_missing(struct diag_report *r, const struct loader_session *s,
			     const struct vf_program *prog)
{
	int imm = poison_of(prog, r);
	const char *name;

	if (!imm || r->verdict != DIAG_REJECT)
		return;
	if (imm == POISON_RELO) {
		say_unresolved(r, s);
		return;
	}
	if (imm >= POISON_KFUNC) {
		name = loader_extern_name(s->obj->bpf, imm - POISON_KFUNC);
		if (name)
			say_missing_kfunc(r, s->kernel, name);
		return;
	}
	name = loader_map_name(s->obj->bpf, imm - POISON_MAP);
	if (!name)
		return;
	replace(r, KF_MAP_REFUSED);
	diag_fail(r, KF_MAP_REFUSED, "map %s was not created", name);
}

static unsigned int observe(void *ctx, const struct syscall_load *load)
{
	struct loader_session *s = ctx;
	struct kfunc_program *p = s->current;

	if (!p) /* libbpf tries a program of its own */
		return s->check ? SYSCALL_LOAD_VERDICT_ONLY : 0;
	name_the_missing(load->report, s, load->prog);
	p->report = *load->report;
	p->insns = load->attr ? load->attr->insn_cnt : 0;
	p->judged = true;
	mem_free(p->text);
	p->text = NULL;
	if (s->obj->profile && loader_profile_keep(p, &s->profile, load->prog))
		loader_profile_free(p);
	loader_warn_deprecated(s->obj, p, load->facts);
	if (p->report.verdict != DIAG_ACCEPT)
		p->text = loader_render(&p->report, s->obj->name, p->name, load->prog,
					s->obj->colour);
	return s->check ? SYSCALL_LOAD_KEEP_FD | SYSCALL_LOAD_VERDICT_ONLY : 0;
}

static struct kfunc_program *program_of(struct loader_session *s, const struct bpf_insn *insns)
{
	const struct bpf_program *bpf = loader_program_of(s->obj->bpf, insns);
	uint32_t i;

	for (i = 0; bpf && i < s->obj->n_progs; i++)
		if (s->obj->progs[i].bpf == bpf)
			return &s->obj->progs[i];
	return NULL;
}

/* In place of bpf_prog_load(). libbpf loads a second time to get a log, which nobody would read. */
int loader_prog_load(enum bpf_prog_type type, const char *name, const char *license,
		     const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts);
int loader_prog_load(enum bpf_prog_type type, const char *name, const char *license,
		     const struct bpf_insn *insns, size_t n, struct bpf_prog_load_opts *opts)
{
	struct loader_session *s = current;
	struct kfunc_program *p = s && s->obj ? program_of(s, insns) : NULL;
	int ret, err;

	if (s && s->no_memory) {
		errno = ENOMEM;
		return -ENOMEM;
	}
	if (!p)
		return bpf_prog_load(type, name, license, insns, n, opts);
	if (s->failed == p) {
		errno = -s->failed_err;
		return s->failed_err;
	}
	opts->prog_flags |= p->extra_flags | s->obj->prog_flags;
	s->current = p;
	if (s->obj->profile)
		syscall_set_profile(&s->profile);
	ret = bpf_prog_load(type, name, license, insns, n, opts);
	err = errno;
	s->current = NULL;
	if (s->obj->profile)
		syscall_set_profile(NULL);
	vf_profile_free(&s->profile);
	if (ret < 0 && p->judged) {
		s->failed = p;
		s->failed_err = p->report.err ? p->report.err : -err;
	}
	errno = err;
	return ret;
}

/* In place of bpf_map_create(). libbpf tries again without types, whatever the reason. */
int loader_map_create(enum bpf_map_type type, const char *name, uint32_t key_size,
		      uint32_t value_size, uint32_t max_entries,
		      const struct bpf_map_create_opts *opts);
int loader_map_create(enum bpf_map_type type, const char *name, uint32_t key_size,
		      uint32_t value_size, uint32_t max_entries,
		      const struct bpf_map_create_opts *opts)
{
	struct loader_session *s = current;
	int fd;

	if (s && s->no_memory) {
		errno = ENOMEM;
		return -ENOMEM;
	}
	fd = bpf_map_create(type, name, key_size, value_size, max_entries, opts);
	if (s && fd < 0 && errno == ENOMEM)
		s->no_memory = true;
	return fd;
}

/* In place of btf_load_into_kernel(). libbpf goes on without types if it can, which must be told. */
int btf_load_into_kernel(struct btf *btf, char *log_buf, size_t log_sz, uint32_t log_level,
			 int token_fd);
int loader_btf_load(struct btf *btf, char *log_buf, size_t log_sz, uint32_t log_level,
		    int token_fd);
int loader_btf_load(struct btf *btf, char *log_buf, size_t log_sz, uint32_t log_level, int token_fd)
{
	char why[512] = "";
	int err = btf_load_into_kernel(btf, log_buf ? log_buf : why, log_buf ? log_sz : sizeof(why),
				       log_level, token_fd);

	if (err == -ENOMEM && current)
		current->no_memory = true;
	else if (err && current && current->obj)
		loader_warn_types(current->obj, why[0] ? why : strerror(-err));
	return err;
}

/* whether it is; then it counts as placed */
static bool place_arena(int fd)
{
	struct rt_map *map;
	bool arena;
	int err;

	map = fd >= 0 ? syscall_map_by_fd(fd, &err) : NULL;
	if (!map)
		return false;
	arena = map->desc.type == BPF_MAP_TYPE_ARENA;
	if (arena)
		__atomic_store_n(&map->desc.placed, true, __ATOMIC_RELAXED);
	rt_map_put(map);
	return arena;
}

/*
 * In place of mmap(). libbpf maps an arena where the object file says, over whatever is there; a check
 * needs none of its memory, only a place for the initial data.
 */
void *loader_mmap(void *addr, size_t len, int prot, int flags, int fd, off_t off)
{
	if (!current || !current->check || !place_arena(fd))
		return kf_sys_mmap64(addr, len, prot, flags, fd, off);
	return mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int loader_enter(struct loader_session *s, struct kfunc_kernel *kernel, struct kfunc_object *obj)
{
	int err;

	pthread_once(&print_once, set_print);
	memset(s, 0, sizeof(*s));
	s->outer = current;
	s->kernel = kernel;
	s->obj = obj;
	current = s;
	err = syscall_set_kernel(kernel);
	return err ? err : syscall_set_prog_load_observer(observe, s);
}

void loader_leave(struct loader_session *s)
{
	struct loader_session *outer = s->outer;

	loader_free_leftovers();
	strbuf_free(&s->log);
	current = outer;
	syscall_set_kernel(outer ? outer->kernel : NULL);
	syscall_set_prog_load_observer(outer ? observe : NULL, outer);
}

/* libbpf ends with what failed in turn because of the first thing; the first thing is told. */
void loader_log_summary(const struct loader_session *s, char *out, size_t size)
{
	const char *text = strbuf_str(&s->log);
	size_t n;

	for (;;) {
		if (strncmp(text, "libbpf: ", 8) == 0)
			text += 8;
		n = strcspn(text, "\n");
		/* not the end of it: the map is tried again in another way */
		if (!text[n] || !text[n + 1] || !memmem(text, n, "Retrying without BTF", 20))
			break;
		text += n + 1;
	}
	if (n >= size)
		n = size - 1;
	memcpy(out, text, n);
	out[n] = '\0';
}

int loader_errno(int err)
{
	switch (-err) {
	case LIBBPF_ERRNO__LIBELF:
	case LIBBPF_ERRNO__FORMAT:
	case LIBBPF_ERRNO__ENDIAN:
		return -ENOEXEC;
	default:
		return -err >= __LIBBPF_ERRNO__START && -err < __LIBBPF_ERRNO__END ? -EINVAL : err;
	}
}

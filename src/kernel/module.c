/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Hosts' kfuncs (DESIGN 3; kfunc spec 1.1-1.6, rows 1-3 of 1.3). An executable or shared library
 * that registers a set is a module: its file is found from the address of its struct module, its
 * BTF read, joined with the live kernel's and given to the registry, and the ids that its sets and
 * lists leave open are filled in from the names that the assembler stored beside them.
 *
 * A module is never unloaded: programs hold its functions' addresses. What goes wrong in a
 * constructor has nobody to return to, so it is kept for kfunc_init_errors().
 */
#include "kernel/module.h"

#include <kfunc/kfunc.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/kver.h"
#include "base/mem.h"
#include "contract/host.h"
#include "contract/registry.h"
#include "kernel/kernel.h"

#define MODULE_RULES KVER(6, 7)
#define REASON       256

struct host_module {
	const struct module *owner;
	struct btf_obj *btf; /* NULL: err and why say the reason */
	int err;
	char why[REASON];
	struct host_module *next;
	char path[]; /* as the kernel maps it */
};

struct init_error {
	struct kfunc_init_error e;
	struct init_error *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* both lists; slots of ids */
static struct host_module *modules;
static struct init_error *init_errors, **init_tail = &init_errors;
static unsigned int n_init_errors;

static _Thread_local char reason[REASON];
static _Thread_local const char *running_initcall;

#define fail module_fail

int module_fail(int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	return err;
}

const char *kfunc_register_error(void)
{
	return reason;
}

bool btf_id_set8_contains(const struct btf_id_set8 *set, __u32 id)
{
	for (__u32 i = 0; set && id && i < set->cnt; i++)
		if (set->pairs[i].id == id)
			return true;
	return false;
}

/* ---- what initcalls leave behind ---- */

static void keep_init_error(const char *module, const char *initcall, int err, const char *why)
{
	struct init_error *n = mem_zalloc(sizeof(*n));

	if (!n)
		return;
	n->e.module = mem_strdup(module);
	n->e.initcall = initcall;
	n->e.err = err;
	n->e.reason = mem_strdup(*why ? why : strerror(-err));
	if (!n->e.module)
		n->e.module = "";
	if (!n->e.reason)
		n->e.reason = "out of memory";
	pthread_mutex_lock(&lock);
	*init_tail = n;
	init_tail = &n->next;
	n_init_errors++;
	pthread_mutex_unlock(&lock);
}

unsigned int kfunc_init_errors(void (*report)(void *ctx, const struct kfunc_init_error *e),
			       void *ctx)
{
	struct init_error *first;
	unsigned int n;

	pthread_mutex_lock(&lock);
	first = init_errors;
	n = n_init_errors;
	pthread_mutex_unlock(&lock);
	for (unsigned int i = 0; report && i < n; i++, first = first->next)
		report(ctx, &first->e);
	return n;
}

/* ---- finding a module's file and BTF ---- */

/* The path of the file that is mapped at addr, from /proc, which knows better than the linker. */
static bool mapped_path(const void *addr, char *path, size_t size)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long start, end;
	char *line = NULL;
	size_t cap = 0, len;
	bool found = false;
	int at;

	while (f && !found && getline(&line, &cap, f) > 0) {
		at = 0;
		if (sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &start, &end, &at) < 2 || !at)
			continue;
		if ((unsigned long)addr < start || (unsigned long)addr >= end || line[at] != '/')
			continue;
		len = strcspn(line + at, "\n");
		if (len >= size)
			break;
		memcpy(path, line + at, len);
		path[len] = '\0';
		found = true;
	}
	free(line);
	if (f)
		fclose(f);
	return found;
}

static int find_path(const void *addr, char *path, size_t size)
{
	Dl_info info;

	/* zero-initialised data may lie outside the file's mapping: ask for the ELF header then */
	if (mapped_path(addr, path, size))
		return 0;
	if (!dladdr(addr, &info) || !info.dli_fname)
		return fail(-ENOENT, "the owner of the set is in no loaded file");
	if (mapped_path(info.dli_fbase, path, size))
		return 0;
	if (snprintf(path, size, "%s", info.dli_fname) >= (int)size)
		return fail(-ENAMETOOLONG, "the file of the set has too long a name");
	return 0;
}

static bool is_main_program(const char *path)
{
	char exe[4096];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	if (n <= 0)
		return false;
	exe[n] = '\0';
	return !strcmp(exe, path);
}

static void load_btf(struct kfunc_kernel *k, struct host_module *m, bool main_program)
{
	char name[56];
	void *data;
	size_t size;

	m->err = host_elf_btf(m->path, &data, &size, m->why, sizeof(m->why));
	if (m->err && main_program) /* replaced or deleted since it started */
		m->err = host_elf_btf("/proc/self/exe", &data, &size, m->why, sizeof(m->why));
	if (m->err)
		return;
	host_module_name(m->path, name, sizeof(name));
	m->btf = host_split_btf(data, size, k->btf, name, m->why, sizeof(m->why), &m->err);
	mem_free(data);
	if (!m->btf)
		return;
	m->err = registry_add_module(k->registry, m->btf);
	if (m->err) {
		btf_put(m->btf);
		m->btf = NULL;
	}
}

static uint32_t kind_of(const char *kind)
{
	static const struct {
		const char *name;
		uint32_t kind;
	} kinds[] = {
		{"func", BTF_KIND_FUNC},
		{"struct", BTF_KIND_STRUCT},
		{"union", BTF_KIND_UNION},
		{"typedef", BTF_KIND_TYPEDEF},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, kind))
			return kinds[i].kind;
	return BTF_KIND_UNKN;
}

/* Fills the slots that are still 0. A name that is not there leaves 0, as in the kernel. */
static void resolve_ids(const struct host_module *m)
{
	for (const struct kfunc_id_ref *r = m->owner->refs; r < m->owner->refs_end; r++) {
		uint32_t kind = kind_of(r->kind);
		int32_t id;

		if (*r->slot)
			continue;
		id = kind == BTF_KIND_FUNC ? btf_find_own(m->btf, r->name, kind)
					   : btf_find(m->btf, r->name, kind);
		if (id > 0)
			*r->slot = id;
	}
}

/* Lock held */
static struct host_module *find_module(const struct module *owner)
{
	struct host_module *m = modules;

	while (m && m->owner != owner)
		m = m->next;
	return m;
}

static struct host_module *new_module(struct kfunc_kernel *k, const struct module *owner,
				      const char *path, bool main_program)
{
	struct host_module *m = mem_zalloc(sizeof(*m) + strlen(path) + 1);

	if (!m)
		return NULL;
	m->owner = owner;
	strcpy(m->path, path);
	load_btf(k, m, main_program);
	if (m->btf)
		resolve_ids(m);
	return m;
}

/*
 * The module of owner, made on first sight; NULL: *err, reason. Called without the lock, and calls
 * the dynamic linker without it: a library's initcall comes here with the linker's own lock held.
 */
static struct host_module *get_module(struct kfunc_kernel *k, const struct module *owner, int *err)
{
	struct host_module *m;
	bool main_program;
	char path[4096];

	pthread_mutex_lock(&lock);
	m = find_module(owner);
	pthread_mutex_unlock(&lock);
	if (m)
		return m;
	if (owner->size != sizeof(*owner)) {
		*err = fail(-EINVAL, "the owner was built with another version of <kfunc/kfunc.h>");
		return NULL;
	}
	*err = find_path(owner, path, sizeof(path));
	if (*err)
		return NULL;
	main_program = is_main_program(path);
	pthread_mutex_lock(&lock);
	m = find_module(owner); /* another thread may have been faster */
	if (!m) {
		m = new_module(k, owner, path, main_program);
		if (m) {
			m->next = modules;
			modules = m;
		}
	}
	pthread_mutex_unlock(&lock);
	if (!m)
		*err = fail(-ENOMEM, "out of memory");
	else if (!main_program) /* for ever: registrations are not taken back */
		dlopen(path, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
	return m;
}

/* ---- sets ---- */

static const struct kfunc_id_ref *find_ref(const struct module *owner, const __u32 *slot,
					   const struct kfunc_id_ref *hint)
{
	if (hint && hint < owner->refs_end && hint->slot == slot)
		return hint;
	for (const struct kfunc_id_ref *r = owner->refs; r < owner->refs_end; r++)
		if (r->slot == slot)
			return r;
	return NULL;
}

static bool set_is_of(const struct btf_id_set8 *set, const struct module *owner)
{
	const char *p = (const char *)set;

	return p >= owner->sets && p < owner->sets_end &&
	       set->cnt <=
		       (size_t)(owner->sets_end - (const char *)set->pairs) / sizeof(set->pairs[0]);
}

static const char *find_doc(const struct module *owner, const char *name)
{
	for (const struct kfunc_doc *d = owner->docs; d < owner->docs_end; d++)
		if (!strcmp(d->name, name))
			return d->text;
	return NULL;
}

const char *module_doc(const char *name)
{
	const char *doc = NULL;

	pthread_mutex_lock(&lock);
	for (const struct host_module *m = modules; m && !doc; m = m->next)
		doc = find_doc(m->owner, name);
	pthread_mutex_unlock(&lock);
	return doc;
}

/* The set's entries with addresses. builtin: ids are still to be found in that BTF. */
static int read_set(const struct btf_id_set8 *set, const struct module *owner,
		    const struct btf_obj *builtin, struct contract_entry *out)
{
	const struct kfunc_id_ref *r = NULL;

	for (__u32 i = 0; i < set->cnt; i++) {
		__u32 *slot = (__u32 *)&set->pairs[i].id;
		int32_t id;

		r = find_ref(owner, slot, r ? r + 1 : NULL);
		if (!r)
			return fail(-EINVAL, "entry %u of the set has no name", i);
		if (builtin && !*slot) {
			id = btf_find_own(builtin, r->name, BTF_KIND_FUNC);
			if (id > 0)
				*slot = id;
		}
		if (!*slot || strcmp(r->kind, "func"))
			return fail(-EINVAL, "%s is no function in the module's BTF", r->name);
		out[i].id = *slot;
		out[i].flags = set->pairs[i].flags;
		out[i].addr = r->addr;
		out[i].doc = find_doc(owner, r->name);
	}
	return 0;
}

/* Words for what the registry refused; the order is that of its checks. */
static int explain(struct kfunc_kernel *k, const struct btf_obj *btf,
		   const struct contract_entry *e, uint32_t n, uint32_t prog_type, bool fmodret,
		   int err)
{
	const char *why;

	if (err == -E2BIG)
		return fail(err, "more than 256 kfuncs or 16 filters on one hook");
	if (err != -EINVAL)
		return fail(err, "%s", strerror(-err));
	for (uint32_t i = 0; i < n; i++) {
		why = contract_check_iter(btf, e[i].id, e[i].flags);
		if (why)
			return fail(err, "%s: %s", btf_type_name(btf, e[i].id), why);
	}
	if (!fmodret && contract_hook_of(prog_type, k->version) < 0)
		return fail(err, "programs of type %u have no kfuncs of their own", prog_type);
	return fail(err, "this module has a set for this hook already");
}

static int add_set(struct kfunc_kernel *k, const struct btf_obj *btf, const struct module *owner,
		   bool is_module, uint32_t prog_type, bool fmodret,
		   const struct btf_kfunc_id_set *kset)
{
	struct contract_entry *e = mem_calloc(kset->set->cnt, sizeof(*e));
	uint32_t n = kset->set->cnt;
	int err;

	if (!e)
		return fail(-ENOMEM, "out of memory");
	err = read_set(kset->set, owner, is_module ? NULL : k->btf, e);
	if (!err) {
		err = fmodret ? registry_add_fmodret(k->registry, btf, e, n)
			      : registry_add(k->registry, btf, is_module, prog_type, e, n,
					     kset->filter);
		if (err)
			explain(k, btf, e, n, prog_type, fmodret, err);
	}
	mem_free(e);
	return err;
}

/* Row 2 for a module: no BTF is no error, but is not forgotten either. */
static int no_btf(const struct host_module *m)
{
	fail(0, "%.120s %.120s", m->path, m->why);
	if (m->err == -ENOENT || m->err == -EACCES || m->err == -ENOEXEC) {
		keep_init_error(m->path, running_initcall, 0, reason);
		return 0;
	}
	return m->err;
}

int module_register(uint32_t prog_type, bool fmodret, const struct btf_kfunc_id_set *kset,
		    uint16_t rules)
{
	const struct module *owner = kset->owner ? kset->owner : THIS_MODULE;
	struct host_module *m = NULL;
	struct kfunc_kernel *k;
	int err = 0;

	reason[0] = '\0';
	if (rules >= KVER(6, 9) && !fmodret && !(kset->set->flags & BTF_SET8_KFUNCS))
		return fail(-EINVAL, "the set is not between BTF_KFUNCS_START and BTF_KFUNCS_END");
	if (!set_is_of(kset->set, owner))
		return fail(-EINVAL, kset->owner ? "the set is in another file than its owner"
						 : "a set without .owner = THIS_MODULE");
	k = kernel_live();
	if (!k)
		return fail(-ENOENT, "there is no live kernel: %s", strerror(errno));
	if (kset->owner)
		m = get_module(k, owner, &err);
	pthread_mutex_lock(&lock);
	if (!err && (!m || m->btf))
		err = add_set(k, m ? m->btf : k->btf, owner, m != NULL, prog_type, fmodret, kset);
	pthread_mutex_unlock(&lock);
	return m && !m->btf ? no_btf(m) : err;
}

/* what a host may have left out */
static int check_set(const struct btf_kfunc_id_set *set)
{
	return set && set->set ? 0 : fail(-EINVAL, "there is no set to register");
}

int register_btf_kfunc_id_set(enum bpf_prog_type prog_type, const struct btf_kfunc_id_set *set)
{
	int err = check_set(set);

	return err ? err : module_register(prog_type, false, set, MODULE_RULES);
}

int register_btf_fmodret_id_set(const struct btf_kfunc_id_set *set)
{
	int err = check_set(set);

	return err ? err : module_register(0, true, set, MODULE_RULES);
}

/* ---- destructors ---- */

static void *func_addr(const struct module *owner, uint32_t id)
{
	for (const struct kfunc_id_ref *r = owner->refs; r < owner->refs_end; r++)
		if (*r->slot == id && r->addr)
			return r->addr;
	return NULL;
}

static int add_dtors(struct kfunc_kernel *k, const struct host_module *m,
		     const struct btf_id_dtor_kfunc *dtors, uint32_t n)
{
	uint32_t room = n < 256 ? n : 0; /* the registry refuses 256 before it reads one */
	struct contract_dtor *d = mem_calloc(room, sizeof(*d));
	int err;

	if (!d)
		return fail(-ENOMEM, "out of memory");
	for (uint32_t i = 0; i < room; i++) {
		d[i].type_id = dtors[i].btf_id;
		d[i].func_id = dtors[i].kfunc_btf_id;
		d[i].addr = func_addr(m->owner, d[i].func_id);
		if (d[i].type_id && d[i].func_id && d[i].addr)
			continue;
		d[i].func_id = 0; /* which is no function: the registry says what that means */
		fail(0, "destructor %u: its %s was not found in the module's BTF", i,
		     d[i].type_id ? "function" : "type");
	}
	err = registry_add_dtors(k->registry, m->btf, true, d, n);
	if (err == -E2BIG)
		fail(err, "256 or more destructors");
	else if (err && !*reason)
		fail(err, "%s",
		     err == -EINVAL ? "a destructor is not void f(T *), or this module's "
				      "second table"
				    : strerror(-err));
	mem_free(d);
	return err;
}

int register_btf_id_dtor_kfuncs(const struct btf_id_dtor_kfunc *dtors, __u32 add_cnt,
				struct module *owner)
{
	struct kfunc_kernel *k = kernel_live();
	struct host_module *m;
	int err = 0;

	reason[0] = '\0';
	if (!owner)
		return fail(-EINVAL, "destructors without an owner");
	if (!dtors && add_cnt)
		return fail(-EINVAL, "there is no table of %u destructors", add_cnt);
	if (!k)
		return fail(-ENOENT, "there is no live kernel: %s", strerror(errno));
	m = get_module(k, owner, &err);
	pthread_mutex_lock(&lock);
	if (m && m->btf)
		err = add_dtors(k, m, dtors, add_cnt);
	pthread_mutex_unlock(&lock);
	return m && !m->btf ? no_btf(m) : err;
}

int module_types(const struct module *owner, struct kfunc_kernel **k, struct btf_obj **btf)
{
	struct host_module *m;
	int err = 0;

	reason[0] = '\0';
	*btf = NULL;
	*k = kernel_live();
	if (!*k)
		return fail(-ENOENT, "there is no live kernel: %s", strerror(errno));
	if (!owner)
		return fail(-EINVAL, "it has no .owner = THIS_MODULE");
	m = get_module(*k, owner, &err);
	if (!m)
		return err;
	*btf = m->btf;
	return m->btf ? 0 : no_btf(m);
}

/* ---- initcalls ---- */

void kfunc_run_initcall(struct module *module, int (*fn)(void), const char *name)
{
	struct kfunc_kernel *k = kernel_live();
	const char *outer = running_initcall; /* which loads a library right now */
	struct host_module *m = NULL;
	int err = 0;

	reason[0] = '\0';
	if (!k) {
		keep_init_error("", name, -ENOENT, "there is no live kernel");
		return;
	}
	m = get_module(k, module, &err);
	if (!m) {
		keep_init_error("", name, err, reason);
		return;
	}
	running_initcall = name;
	err = fn();
	running_initcall = outer;
	if (err)
		keep_init_error(m->path, name, err, reason);
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Executables and shared libraries as modules of the live kernel: what <kfunc/kfunc.h> calls. */
#ifndef KERNEL_MODULE_H
#define KERNEL_MODULE_H

#include <stdbool.h>
#include <stdint.h>

struct btf_kfunc_id_set;

/*
 * register_btf_kfunc_id_set() under the registration rules of a version: from 6.9 on only sets made
 * with BTF_KFUNCS_START are kfuncs (row 1). The public functions use those of the newer seed (6.7),
 * whose own text registers sets made with BTF_SET8_START. fmodret: the set lists fmod_ret targets.
 */
int module_register(uint32_t prog_type, bool fmodret, const struct btf_kfunc_id_set *set,
		    uint16_t rules);

/* What a module says about a name with KFUNC_DOC, whether or not it has such a function; or NULL. */
const char *module_doc(const char *name);

/*
 * The BTF of the executable or library that owner is in, made part of the live kernel on first
 * sight. 0: *btf, borrowed for ever, or NULL for a module without BTF, which is no error but is kept
 * for kfunc_init_errors(). -errno with the reason set otherwise; owner NULL is -EINVAL.
 */
struct btf_obj;
struct kfunc_kernel;
struct module;
int module_types(const struct module *owner, struct kfunc_kernel **k, struct btf_obj **btf);
/* Sets the calling thread's kfunc_register_error() and returns err. */
__attribute__((format(printf, 2, 3))) int module_fail(int err, const char *fmt, ...);

#endif

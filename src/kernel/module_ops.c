/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * register_bpf_struct_ops() (kfunc spec R11.1): a host's operations struct becomes one of the live
 * kernel's, for ever.
 */
#include <kfunc/hooks.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "contract/ops.h"
#include "contract/registry.h"
#include "kernel/kernel.h"
#include "kernel/module.h"

static int add(struct kfunc_kernel *k, struct btf_obj *btf, struct bpf_struct_ops *st_ops,
	       struct contract_ops *ops)
{
	char why[160] = "";
	int err;

	err = contract_ops_compile(ops, btf, st_ops->name, st_ops->cfi_stubs, why, sizeof(why));
	if (err)
		return module_fail(err, "struct %s: %s", st_ops->name, why);
	ops->host = st_ops;
	/* before it can be found: programs are refused until it has said yes */
	if (st_ops->init && st_ops->init((struct btf *)btf))
		return module_fail(-EINVAL, "struct %s: its init failed", st_ops->name);
	err = registry_add_ops(k->registry, ops);
	if (err)
		return module_fail(err, "struct %s: %s", st_ops->name,
				   err == -EEXIST ? "registered already" : strerror(-err));
	return 0;
}

int __register_bpf_struct_ops(struct bpf_struct_ops *st_ops)
{
	struct contract_ops *ops;
	struct kfunc_kernel *k;
	struct btf_obj *btf;
	int err;

	if (!st_ops || !st_ops->owner)
		return module_fail(-EINVAL, "an operations struct without owner");
	err = module_types(st_ops->owner, &k, &btf);
	if (err || !btf)
		return err;
	if (!st_ops->name || !st_ops->reg || !st_ops->unreg)
		return module_fail(-EINVAL, "an operations struct without name, reg or unreg");
	if (st_ops->verifier_ops)
		return module_fail(-EOPNOTSUPP, "struct %s: verifier_ops cannot be given",
				   st_ops->name);
	ops = mem_zalloc(sizeof(*ops));
	if (!ops)
		return module_fail(-ENOMEM, "out of memory");
	err = add(k, btf, st_ops, ops);
	mem_free(ops);
	return err;
}

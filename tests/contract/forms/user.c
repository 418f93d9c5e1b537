/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Loads the library, closes it (it must stay: programs may hold its functions), loads it again (kfunc spec
 * R1.8, R1.16).
 */
#include "check.h"
#include <dlfcn.h>

__bpf_kfunc_start_defs();

__bpf_kfunc long twin(long x, long y)
{
	return x * y;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(twins)
BTF_ID_FLAGS(func, twin)
BTF_KFUNCS_END(twins)

static const struct btf_kfunc_id_set set = {.owner = THIS_MODULE, .set = &twins};

static int init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_TRACING, &set);
}
late_initcall(init);

int main(int argc, char **argv)
{
	void *lib = dlopen(argc > 1 ? argv[1] : "./liblibrary.so", RTLD_NOW | RTLD_LOCAL), *again;
	const u32 *(*ids)(void);

	if (!lib) {
		printf("%s\n", dlerror());
		return 1;
	}
	*(void **)&ids = dlsym(lib, "library_ids");
	CHECK(ids && *ids() != 0);
	CHECK(twins.pairs[0].id != 0);
	dlclose(lib);
	CHECK(*ids() != 0);
	again = dlopen(argc > 1 ? argv[1] : "./liblibrary.so", RTLD_NOW | RTLD_LOCAL);
	CHECK(again && dlsym(again, "library_ids") == *(void **)&ids);
	return finish();
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Compiled with -O3: two functions that invite copies, of which one is marked; and a static twin (kfunc spec
 * R1.4). */
#include <kfunc/kfunc.h>

volatile int sink;

__bpf_kfunc_start_defs();

__attribute__((noinline)) int cloned(int a, int b) /* KF0841 */
{
	for (int i = 0; i < a; i++)
		sink += b ? b * i : i / 7;
	return sink;
}

__bpf_kfunc int kept(int a, int b)
{
	for (int i = 0; i < a; i++)
		sink += b ? b * i : i / 7 + 1;
	return sink;
}

__bpf_kfunc int twin(int a) /* KF0855 */
{
	return a;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(clone_set)
BTF_ID_FLAGS(func, cloned)
BTF_ID_FLAGS(func, kept)
BTF_ID_FLAGS(func, twin)
BTF_KFUNCS_END(clone_set)

int twin_user(int a);

int main(int argc, char **argv)
{
	int sum = 0;

	(void)argv;
	for (int i = 0; i < 1000; i++)
		sum += cloned(argc, 0) + kept(argc, 0);
	for (int i = 0; i < 100; i++)
		sum += cloned(argc + i, 0) + kept(argc + i, 0);
	return sum + (int)clone_set.cnt + twin_user(argc);
}

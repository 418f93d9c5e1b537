/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Another function that is called twin, for clone.c. */
static __attribute__((noinline)) int twin(int a)
{
	return a * 3;
}

int twin_user(int a);

int twin_user(int a)
{
	return twin(a) + 1;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Abstract values in words, for diagnostics: "trusted pointer to task_struct or NULL". */
#include <stdio.h>

#include "verifier/vf.h"

static const char *const base_names[VF_BASE_COUNT] = {
	[VF_NOT_INIT] = "nothing",
	[VF_SCALAR] = "number",
	[VF_CTX] = "context pointer",
	[VF_STACK] = "stack pointer",
	[VF_MAP_KEY] = "pointer to a map key",
	[VF_MAP_VALUE] = "pointer to a map value",
	[VF_CONST_MAP] = "map",
	[VF_MEM] = "pointer to memory",
	[VF_BUF] = "pointer to a buffer",
	[VF_BTF_ID] = "pointer to a kernel object",
	[VF_PACKET] = "packet pointer",
	[VF_PACKET_META] = "pointer to packet metadata",
	[VF_PACKET_END] = "end of the packet",
	[VF_SOCKET] = "pointer to a full socket",
	[VF_SOCK_COMMON] = "pointer to a socket",
	[VF_TCP_SOCK] = "pointer to a TCP socket",
	[VF_XDP_SOCK] = "pointer to an XDP socket",
	[VF_FUNC] = "function address",
	[VF_CONST_DYNPTR] = "dynptr",
	[VF_ARENA] = "arena pointer",
	[VF_TP_BUFFER] = "tracepoint buffer",
	[VF_FLOW_KEYS] = "pointer to flow keys",
};

/* in the order in which the words stand before the noun */
static const struct {
	uint16_t flag;
	const char *word;
} words[] = {
	{VF_RDONLY, "read-only "},   {VF_UNTRUSTED, "untrusted "}, {VF_TRUSTED, "trusted "},
	{VF_RCU, "RCU-protected "},  {VF_USER, "user "},	   {VF_PERCPU, "per-CPU "},
	{VF_NON_OWN, "non-owning "}, {VF_ALLOC, "allocated "},
};

const char *vf_base_name(enum vf_base b)
{
	return b < VF_BASE_COUNT ? base_names[b] : "nothing";
}

static void describe_scalar(const struct vf_reg *r, char *buf, size_t size)
{
	if (r->s.t.m == 0)
		snprintf(buf, size, "the number %lld", (long long)r->s.t.v);
	else if (r->s.smin == INT64_MIN && r->s.smax == INT64_MAX)
		snprintf(buf, size, "an unknown number");
	else
		snprintf(buf, size, "a number from %lld to %lld", (long long)r->s.smin,
			 (long long)r->s.smax);
}

const char *vf_reg_describe(const struct vf_env *env, const struct vf_reg *r, char *buf, size_t size)
{
	size_t n = 0;

	(void)env;
	if (r->base == VF_SCALAR) {
		describe_scalar(r, buf, size);
		return buf;
	}
	buf[0] = '\0';
	for (size_t i = 0; r->base != VF_NOT_INIT && i < sizeof(words) / sizeof(words[0]); i++)
		if ((r->flags & words[i].flag) && n < size)
			n += snprintf(buf + n, size - n, "%s", words[i].word);
	if (n < size && r->base == VF_BTF_ID && r->btf)
		n += snprintf(buf + n, size - n, "pointer to %s", btf_type_name(r->btf, r->type_id));
	else if (n < size)
		n += snprintf(buf + n, size - n, "%s", vf_base_name(r->base));
	if (n < size && (r->flags & VF_MAYBE_NULL))
		snprintf(buf + n, size - n, " or NULL");
	return buf;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Abstract values in words, for diagnostics: "a trusted pointer to task_struct or NULL". */
#include <stdio.h>

#include "verifier/vf.h"

static const char *const base_names[VF_BASE_COUNT] = {
	[VF_NOT_INIT] = "nothing",
	[VF_SCALAR] = "a number",
	[VF_CTX] = "a context pointer",
	[VF_STACK] = "a stack pointer",
	[VF_MAP_KEY] = "a pointer to a map key",
	[VF_MAP_VALUE] = "a pointer to a map value",
	[VF_CONST_MAP] = "a map",
	[VF_MEM] = "a pointer to memory",
	[VF_BUF] = "a pointer to a buffer",
	[VF_BTF_ID] = "a pointer to a kernel object",
	[VF_PACKET] = "a packet pointer",
	[VF_PACKET_META] = "a pointer to packet metadata",
	[VF_PACKET_END] = "the end of the packet",
	[VF_SOCKET] = "a pointer to a full socket",
	[VF_SOCK_COMMON] = "a pointer to a socket",
	[VF_TCP_SOCK] = "a pointer to a TCP socket",
	[VF_XDP_SOCK] = "a pointer to an XDP socket",
	[VF_FUNC] = "a function address",
	[VF_CONST_DYNPTR] = "a dynptr",
	[VF_ARENA] = "an arena pointer",
	[VF_TP_BUFFER] = "a tracepoint buffer",
	[VF_FLOW_KEYS] = "a pointer to flow keys",
};

/* in the order in which the words stand before the noun */
static const struct {
	uint16_t flag;
	const char *word;
} words[] = {
	{VF_RDONLY, "read-only "},   {VF_UNTRUSTED, "untrusted "}, {VF_TRUSTED, "trusted "},
	{VF_RCU, "RCU-protected "},  {VF_USER, "user "},           {VF_PERCPU, "per-CPU "},
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

/* of what begins with these words */
static const char *article(const char *text)
{
	if (strncmp(text, "RCU", 3) == 0)
		return "an ";
	return strchr("aeiou", text[0]) && strncmp(text, "us", 2) ? "an " : "a ";
}

const char *vf_reg_describe(const struct vf_env *env, const struct vf_reg *r, char *buf,
			    size_t size)
{
	const char *noun = vf_base_name(r->base);
	char text[96] = "";
	size_t n = 0;

	(void)env;
	if (r->base == VF_SCALAR) {
		describe_scalar(r, buf, size);
		return buf;
	}
	for (size_t i = 0; r->base != VF_NOT_INIT && i < sizeof(words) / sizeof(words[0]); i++)
		if ((r->flags & words[i].flag) && n < sizeof(text))
			n += snprintf(text + n, sizeof(text) - n, "%s", words[i].word);
	if (r->base == VF_BTF_ID && r->btf)
		snprintf(buf, size, "%s%spointer to %s", article(n ? text : "p"), text,
			 btf_type_name(r->btf, r->type_id));
	else if (n)
		snprintf(buf, size, "%s%s%s", article(text), text, strchr(noun, ' ') + 1);
	else
		snprintf(buf, size, "%s", noun);
	n = strlen(buf);
	if (r->flags & VF_MAYBE_NULL)
		snprintf(buf + n, size - n, " or NULL");
	return buf;
}

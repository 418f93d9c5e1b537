// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Constant strings and formats (verifier spec 7.1 cstr, R7.9). */
#include "../image/image.h"

const char terminated[] = "a text";
const char unterminated[4] = {'t', 'e', 'x', 't'};
char writable[] = "a text";

const char fmt_good[] = "%d %llu %s %p %c %%";
const char fmt_two[] = "%d %d";
const char fmt_float[] = "%f";
const char fmt_precision[] = "%.3d";
const char fmt_long[] = "%llld";
const char fmt_pointers[] = "%pK %px %ps %pB %pi4 %pI6";
const char fmt_glued[] = "%sx";
const char fmt_8bit[] = "caf\xc3\xa9";

SEC("tc") __expect_accept
int compare(struct __sk_buff *ctx)
{
	char buf[4] = "abc";

	return bpf_strncmp(buf, sizeof(buf), terminated);
}

SEC("tc") __expect_reject(EACCES, KF0520)
int compare_with_writable(struct __sk_buff *ctx)
{
	char buf[4] = "abc";

	return bpf_strncmp(buf, sizeof(buf), writable);
}

/* the last bytes of the section: nothing ends the text */
const char last[8] SEC(".rodata.last") = {'u', 'n', 'e', 'n', 'd', 'i', 'n', 'g'};

SEC("tc") __expect_reject(EINVAL, KF0510)
int compare_with_unterminated(struct __sk_buff *ctx)
{
	char buf[4] = "abc";

	return bpf_strncmp(buf, sizeof(buf), last);
}

#define FORMAT(name, fmt, n)                                                                       \
	int name(struct __sk_buff *ctx)                                                            \
	{                                                                                          \
		u64 data[8] = {};                                                                  \
		char buf[32];                                                                      \
                                                                                                   \
		bpf_snprintf(buf, sizeof(buf), fmt, data, n);                                      \
		return buf[0];                                                                     \
	}

SEC("tc") __expect_accept FORMAT(format, fmt_good, 40)
SEC("tc") __expect_accept FORMAT(format_pointers, fmt_pointers, 48)
SEC("tc") __expect_reject(EINVAL, KF0521) FORMAT(format_wants_more, fmt_two, 8)
SEC("tc") __expect_reject(EINVAL, KF0521) FORMAT(format_float, fmt_float, 8)
SEC("tc") __expect_reject(EINVAL, KF0521) FORMAT(format_precision, fmt_precision, 8)
SEC("tc") __expect_reject(EINVAL, KF0521) FORMAT(format_long, fmt_long, 8)
SEC("tc") __expect_reject(EINVAL, KF0521) FORMAT(format_glued, fmt_glued, 8)
SEC("tc") __expect_accept __expect_reject_on(6.12, EINVAL, KF0521) FORMAT(format_8bit, fmt_8bit, 8)
SEC("tc") __expect_reject(EINVAL, KF0522) FORMAT(format_odd_size, fmt_two, 12)
SEC("tc") __expect_reject(EINVAL, KF0522) FORMAT(format_variable_size, fmt_two, ctx->len & 16)

char _license[] SEC("license") = "GPL";

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Reports: the first failure wins, notes, rows, and the three renderings. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

#include "diag/diag.h"

static const struct {
	uint32_t line, col;
	const char *text;
} source[] = {
	{22, 6, "\tt = task_get(pid);"},
	{27, 6, "\tif (t->tgid == skip)"},
	{31, 3, "\t\treturn 0;"},
};

static bool line_of(const void *ctx, uint32_t insn, const char **file, uint32_t *line,
		    uint32_t *col, const char **text)
{
	(void)ctx;
	if (insn >= 3)
		return false;
	*file = "dir/exit.bpf.c";
	*line = source[insn].line;
	*col = source[insn].col;
	*text = source[insn].text;
	return true;
}

static void disasm(const void *ctx, uint32_t insn, struct strbuf *out)
{
	(void)ctx;
	strbuf_printf(out, "insn%u", insn);
}

static const struct diag_source src = {.object = "exit.bpf.o",
				       .program = "on_exit",
				       .line = line_of,
				       .disasm = disasm};

static bool line_of_asm(const void *ctx, uint32_t insn, const char **file, uint32_t *line,
			uint32_t *col, const char **text)
{
	(void)ctx;
	*file = "asm.bpf.c";
	*line = 7;
	*col = 2;
	*text = insn == 5 ? "\tasm volatile (\"r1 = 0;\"" : "\tplain();";
	return true;
}

/* Many instructions come from one line of assembler text: the one that is meant is shown. */
static void assembler_line_shows_the_instruction(void **state)
{
	const struct diag_source from = {.line = line_of_asm, .disasm = disasm};
	struct diag_report r;
	struct strbuf b = {0};

	(void)state;
	diag_init(&r);
	diag_fail(&r, KF_CTX_ACCESS, "offset 7");
	r.has_insn = true;
	r.insn = 5;
	diag_render_text(&r, &from, NULL, &b);
	assert_non_null(strstr(b.s, "= instruction: 5: insn5\n"));
	strbuf_reset(&b);
	r.insn = 6;
	diag_render_text(&r, &from, NULL, &b);
	assert_null(strstr(b.s, "= instruction:"));
	strbuf_free(&b);
}

static void rows_are_in_order(void **state)
{
	const struct diag_row *row, *prev = NULL;
	unsigned int i;

	(void)state;
	for (i = 0; (row = diag_row_at(i)); i++) {
		if (prev)
			assert_true(prev->num < row->num);
		assert_ptr_equal(diag_row(row->num), row);
		assert_true(row->err > 0 && row->title[0] && diag_explanation(row)[0] &&
			    diag_help(row)[0]);
		assert_null(strchr(row->title, '\n'));
		assert_true(diag_category_name(row->category)[0]);
		prev = row;
	}
	assert_true(i > 100);
	assert_null(diag_row(9999));
}

static void first_failure_wins(void **state)
{
	struct diag_report r;

	(void)state;
	diag_init(&r);
	assert_int_equal(diag_fail(&r, KF_REF_LEAK, "reference %d", 3), -EINVAL);
	assert_int_equal(diag_fail(&r, KF_CTX_ACCESS, "later"), -EINVAL);
	assert_int_equal(r.code, KF_REF_LEAK);
	assert_string_equal(r.message, "reference 3");
	assert_int_equal(r.verdict, DIAG_REJECT);
}

static void verdicts(void **state)
{
	struct diag_report r;

	(void)state;
	diag_init(&r);
	assert_int_equal(diag_unsupported(&r, "arena"), -524);
	assert_int_equal(r.verdict, DIAG_UNSUPPORTED);
	assert_string_equal(r.message, "arena");
	diag_init(&r);
	assert_int_equal(diag_fail(&r, KF_COMPLEXITY, "x"), -E2BIG);
	assert_int_equal(r.verdict, DIAG_LIMIT_HIT);
}

static void notes_keep_first_and_last(void **state)
{
	struct diag_report r;
	int i;

	(void)state;
	diag_init(&r);
	for (i = 0; i < 40; i++)
		diag_add_note(&r, i, "n%d", i);
	assert_int_equal(r.n_notes, DIAG_MAX_NOTES);
	assert_string_equal(r.notes[0].text, "n0");
	assert_string_equal(r.notes[DIAG_MAX_NOTES - 1].text, "n39");
}

static void text_shows_lines(void **state)
{
	struct diag_report r;
	struct strbuf b = {0};

	(void)state;
	diag_init(&r);
	diag_fail(&r, KF_REF_LEAK, "reference #3 is still owned");
	r.has_insn = true;
	r.insn = 2;
	diag_add_note(&r, 0, "acquired here");
	diag_add_note(&r, 1, "taken");
	diag_add_note(&r, 2, "the program ends here");
	diag_render_text(&r, &src, NULL, &b);
	assert_non_null(strstr(b.s, "error[KF0412]: reference is not released on every path\n"));
	assert_non_null(strstr(b.s, "--> exit.bpf.c:31:3  in on_exit, instruction 2 "));
	assert_non_null(strstr(b.s, "[Resource Lifetime]\n"));
	assert_non_null(strstr(b.s, "22 |     t = task_get(pid);\n"
				    "   |         ------------- acquired here\n"));
	assert_null(strstr(b.s, "22 |     t = task_get(pid);\n   |     -"));
	assert_non_null(strstr(b.s, "31 |         return 0;\n"
				    "   |         ^^^^^^^^ the program ends here\n"));
	assert_non_null(strstr(b.s, "= note: reference #3 is still owned\n"));
	assert_non_null(strstr(b.s, "= more: kfunc explain KF0412\n"));
	assert_null(strchr(b.s, '\033'));
	strbuf_free(&b);
}

static void text_without_lines(void **state)
{
	struct diag_report r;
	struct strbuf b = {0};
	struct diag_style style = {.colour = true};

	(void)state;
	diag_init(&r);
	diag_fail(&r, KF_CTX_ACCESS, "offset 7");
	r.has_insn = true;
	r.insn = 123;
	diag_render_text(&r, &src, NULL, &b);
	assert_non_null(strstr(b.s, "123 | insn123\n    | ^^^^^^^ offset 7\n"));
	strbuf_reset(&b);
	diag_render_text(&r, &src, &style, &b);
	assert_non_null(strstr(b.s, "\033["));
	strbuf_free(&b);
}

static void json_members(void **state)
{
	struct diag_report r;
	struct strbuf b = {0};

	(void)state;
	diag_init(&r);
	diag_render_json(&r, &b);
	assert_string_equal(b.s,
			    "\"verdict\":\"accept\",\"errno\":0,\"code\":null,\"message\":\"\"");
	strbuf_reset(&b);
	diag_fail(&r, KF_REF_LEAK, "a \"b\"");
	diag_render_json(&r, &b);
	assert_string_equal(b.s, "\"verdict\":\"reject\",\"errno\":-22,\"code\":\"KF0412\","
				 "\"message\":\"a \\\"b\\\"\"");
	strbuf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_in_order),
		cmocka_unit_test(assembler_line_shows_the_instruction),
		cmocka_unit_test(first_failure_wins),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(notes_keep_first_and_last),
		cmocka_unit_test(text_shows_lines),
		cmocka_unit_test(text_without_lines),
		cmocka_unit_test(json_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

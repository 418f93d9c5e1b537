/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc check: judges every program of every object. Objects are independent of each other, so they
 * are shared out to threads; the output is in the order of the operands whatever ends first.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "diag/diag.h"

struct check {
	struct kfunc_kernel *kernel;
	const char *prog;
	struct cli_list flags; /* "N" for all programs, "PROG=N" for one */
	bool json, colour, quiet;
	char **operands;
	struct check_result *results;
	unsigned int n, next;
	pthread_mutex_t lock;
	pthread_cond_t done;
};

struct check_result {
	struct strbuf out, err;
	unsigned int count[4]; /* by enum kfunc_verdict */
	bool failed, ready;
};

static void put_json(struct strbuf *b, const struct check *c, const char *object,
		     const struct kfunc_program *p, const struct kfunc_report *r)
{
	strbuf_puts(b, "{\"schema\":1,\"object\":");
	diag_json_string(b, object);
	strbuf_puts(b, ",\"program\":");
	diag_json_string(b, kfunc_program__name(p));
	strbuf_puts(b, ",\"section\":");
	diag_json_string(b, kfunc_program__section(p));
	strbuf_puts(b, ",\"prog_type\":");
	diag_json_string(b, kfunc_program__type_name(p));
	strbuf_puts(b, ",\"kernel\":");
	diag_json_string(b, kfunc_kernel__release(c->kernel));
	strbuf_printf(b, ",\"verdict\":\"%s\",\"errno\":%d,\"code\":",
		      diag_verdict_name((enum diag_verdict)r->verdict), r->err);
	if (r->code)
		strbuf_printf(b, "\"KF%04u\"", r->code);
	else
		strbuf_puts(b, "null");
	strbuf_puts(b, ",\"message\":");
	diag_json_string(b, r->message);
	strbuf_printf(b,
		      ",\"insns\":%u,\"processed\":%llu,\"states\":%u,\"peak_states\":%u,"
		      "\"stack\":%u,\"verify_ns\":%llu}\n",
		      r->insns, (unsigned long long)r->processed, r->states, r->peak_states,
		      r->stack, (unsigned long long)r->verify_ns);
}

static void put_text(struct strbuf *b, const struct check *c, const struct kfunc_program *p,
		     const struct kfunc_report *r)
{
	if (r->verdict != KFUNC_ACCEPT)
		strbuf_printf(b, "%s\n", r->text);
	else if (!c->quiet)
		strbuf_printf(b, "accepted: %s (%s), %u instructions, %llu simulated in %llu us\n",
			      kfunc_program__name(p), kfunc_program__section(p), r->insns,
			      (unsigned long long)r->processed,
			      (unsigned long long)r->verify_ns / 1000);
}

/* --prog-flags N and --prog-flags PROG=N. False when a value is malformed. */
static bool flags_ok(const struct cli_list *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		const char *eq = strrchr(l->v[i], '='), *num = eq ? eq + 1 : l->v[i];
		char *end;

		strtoul(num, &end, 0);
		if (end == num || *end)
			return false;
	}
	return true;
}

static void apply_flags(const struct cli_list *l, struct kfunc_program *p)
{
	const char *name = kfunc_program__name(p);
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		const char *eq = strrchr(l->v[i], '=');

		if (!eq || (strlen(name) == (size_t)(eq - l->v[i]) &&
			    strncmp(l->v[i], name, eq - l->v[i]) == 0))
			kfunc_program__add_flags(p, strtoul(eq ? eq + 1 : l->v[i], NULL, 0));
	}
}

static int select_programs(const struct check *c, struct kfunc_object *obj)
{
	struct kfunc_program *p = NULL;
	int found = 0;

	while ((p = kfunc_object__next_program(obj, p))) {
		bool want = !c->prog || strcmp(c->prog, kfunc_program__name(p)) == 0;

		kfunc_program__set_autoload(p, want);
		if (want)
			apply_flags(&c->flags, p);
		found += want;
	}
	return found;
}

static void check_object(const struct check *c, const char *operand, struct check_result *res)
{
	char why[256] = "";
	KFUNC_OPTS(kfunc_object_opts, opts, .kernel = c->kernel, .colour = c->colour && !c->json,
		   .error = why, .error_size = sizeof(why));
	struct kfunc_program *p = NULL;
	struct kfunc_object *obj = NULL;
	bool temporary;
	char *path = cli_object(operand, &temporary);
	int err;

	res->failed = true;
	if (!path)
		return;
	obj = kfunc_object__open_file(path, &opts);
	if (!obj) {
		strbuf_printf(&res->err, "kfunc: %s: %s\n", operand,
			      why[0] ? why : strerror(errno));
		goto out;
	}
	if (!select_programs(c, obj)) {
		strbuf_printf(&res->err, "kfunc: %s: there is no program%s%s\n", operand,
			      c->prog ? " " : " in it", c->prog ? c->prog : "");
		goto out;
	}
	err = kfunc_object__check(obj);
	if (err) {
		strbuf_printf(&res->err, "kfunc: %s: %s\n", operand, strerror(-err));
		goto out;
	}
	res->failed = false;
	cli_put_warnings(obj, &res->err);
	while ((p = kfunc_object__next_program(obj, p))) {
		KFUNC_OPTS(kfunc_report, r);

		if (kfunc_program__report(p, &r))
			continue;
		res->count[r.verdict]++;
		if (c->json)
			put_json(&res->out, c, operand, p, &r);
		else
			put_text(&res->out, c, p, &r);
	}
out:
	kfunc_object__close(obj);
	cli_object_done(path, temporary);
}

static void *work(void *arg)
{
	struct check *c = arg;

	pthread_mutex_lock(&c->lock);
	while (c->next < c->n) {
		unsigned int i = c->next++;

		pthread_mutex_unlock(&c->lock);
		check_object(c, c->operands[i], &c->results[i]);
		pthread_mutex_lock(&c->lock);
		c->results[i].ready = true;
		pthread_cond_signal(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Prints each result as soon as all before it are printed. */
static void print_results(struct check *c)
{
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		struct check_result *r = &c->results[i];

		pthread_mutex_lock(&c->lock);
		while (!r->ready)
			pthread_cond_wait(&c->done, &c->lock);
		pthread_mutex_unlock(&c->lock);
		fputs(strbuf_str(&r->err), stderr);
		if (r->out.len)
			fwrite(r->out.s, 1, r->out.len, stdout);
		fflush(stdout);
		if (r->out.err)
			r->failed = true;
		strbuf_free(&r->out);
		strbuf_free(&r->err);
	}
}

static int run_all(struct check *c, unsigned int jobs)
{
	pthread_t *threads = calloc(jobs, sizeof(*threads));
	unsigned int i, started = 0;

	if (!threads)
		return -ENOMEM;
	for (i = 0; i < jobs && i < c->n; i++)
		if (pthread_create(&threads[started], NULL, work, c) == 0)
			started++;
	if (!started)
		work(c);
	print_results(c);
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	return 0;
}

static int exit_status(const struct check *c)
{
	unsigned int count[4] = {0}, i, k;
	bool failed = false;

	for (i = 0; i < c->n; i++) {
		failed |= c->results[i].failed;
		for (k = 0; k < 4; k++)
			count[k] += c->results[i].count[k];
	}
	if (!c->json && !c->quiet && count[0] + count[1] + count[2] + count[3])
		printf("%u accepted, %u rejected, %u unsupported, %u over a limit\n",
		       count[KFUNC_ACCEPT], count[KFUNC_REJECT], count[KFUNC_UNSUPPORTED],
		       count[KFUNC_LIMIT]);
	return failed                     ? CLI_USAGE
	       : count[KFUNC_REJECT]      ? CLI_REJECTED
	       : count[KFUNC_UNSUPPORTED] ? CLI_UNSUPPORTED
	       : count[KFUNC_LIMIT]       ? CLI_LIMIT
					  : CLI_OK;
}

int cmd_check(const struct cli_command *cmd, int argc, char **argv)
{
	struct check c = {.colour = cli_colour(STDOUT_FILENO)};
	const char *kernel = NULL;
	uint32_t jobs = 1;
	const struct cli_option opts[] = {
		{"kernel", 'k', CLI_STRING, "live|FILE",
		 "verify against this kernel (default: live)", &kernel},
		{"prog", 'p', CLI_STRING, "NAME", "only this program", &c.prog},
		{"prog-flags", 0, CLI_LIST, "[PROG=]N", "load flags for all programs, or for one",
		 &c.flags},
		{"json", 0, CLI_FLAG, NULL, "one JSON object a line for every program", &c.json},
		{"quiet", 'q', CLI_FLAG, NULL, "only what is not accepted", &c.quiet},
		{"jobs", 'j', CLI_NUMBER, "N", "check N objects at a time", &jobs},
		{0},
	};
	int n = cli_parse(cmd, opts, argc, argv, NULL), status = CLI_USAGE;

	if (n < 0) {
		status = -1 - n;
		goto out;
	}
	if (n == 0) {
		cli_usage(cmd, "which object?");
		goto out;
	}
	if (!flags_ok(&c.flags) || jobs == 0 || jobs > 256) {
		cli_usage(cmd, "a number is out of range");
		goto out;
	}
	c.kernel = cli_kernel(kernel);
	if (!c.kernel)
		goto out;
	c.operands = argv + 1;
	c.n = n;
	c.results = calloc(n, sizeof(*c.results));
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.done, NULL);
	if (!c.results || run_all(&c, jobs))
		cli_error("out of memory");
	else
		status = exit_status(&c);
	free(c.results);
	kfunc_kernel__close(c.kernel);
out:
	free(c.flags.v);
	return status;
}

/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc check: judges every program of every object. Objects are independent of each other, so they
 * are shared out to threads (order.c says how); the output is in the order of the operands whatever ends
 * first.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

#define MAX_JOBS 256u

/* --prog-flags N and --prog-flags PROG=N: the first value that is malformed, or NULL */
static const char *bad_flags(const struct cli_list *l)
{
	unsigned int i;

	for (i = 0; i < l->n; i++) {
		const char *eq = strrchr(l->v[i], '='), *num = eq ? eq + 1 : l->v[i];
		char *end;

		if (strtoull(num, &end, 0) > UINT32_MAX || end == num || *end || *num == '-')
			return l->v[i];
	}
	return NULL;
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
		   .error = why, .error_size = sizeof(why), .profile = c->stats);
	struct kfunc_program *p = NULL;
	struct kfunc_object *obj = NULL;
	bool temporary;
	char *path = cli_object(operand, &temporary), *name;
	int err;

	res->failed = true;
	if (!path)
		return;
	opts.name = name = cli_object_name(operand, temporary);
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
			check_put_json(&res->out, c, operand, p, &r);
		else
			check_put_text(&res->out, c, p, &r);
	}
out:
	kfunc_object__close(obj);
	cli_object_done(path, temporary);
	free(name);
}

static void *work(void *arg)
{
	struct check *c = arg;

	pthread_mutex_lock(&c->lock);
	while (c->next < c->n) {
		unsigned int i = c->order[c->next++];

		pthread_mutex_unlock(&c->lock);
		check_object(c, c->operands[i], &c->results[i]);
		pthread_mutex_lock(&c->lock);
		c->results[i].ready = true;
		c->n_ready++;
		pthread_cond_signal(&c->done);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* Waits for result i, showing how many there are. */
static void await(struct check *c, unsigned int i, struct progress *p)
{
	struct timespec until;
	unsigned int ready;

	pthread_mutex_lock(&c->lock);
	while (!c->results[i].ready) {
		ready = c->n_ready;
		if (!p->on) {
			pthread_cond_wait(&c->done, &c->lock);
			continue;
		}
		pthread_mutex_unlock(&c->lock);
		progress_show(p, ready, c->n, c->operands[i]);
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 100000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_mutex_lock(&c->lock);
		if (!c->results[i].ready)
			pthread_cond_timedwait(&c->done, &c->lock, &until);
	}
	pthread_mutex_unlock(&c->lock);
}

/* Prints each result as soon as all before it are printed. */
static void print_results(struct check *c)
{
	struct progress progress;
	unsigned int i;

	progress_start(&progress);
	if (c->n == 1)
		progress.on = false;

	for (i = 0; i < c->n; i++) {
		struct check_result *r = &c->results[i];

		await(c, i, &progress);
		if (r->err.len || r->out.len)
			progress_erase(&progress);
		fputs(strbuf_str(&r->err), stderr);
		if (r->out.len)
			fwrite(r->out.s, 1, r->out.len, stdout);
		fflush(stdout);
		if (r->out.err)
			r->failed = true;
		strbuf_free(&r->out);
		strbuf_free(&r->err);
	}
	progress_erase(&progress);
}

static int run_all(struct check *c, unsigned int jobs)
{
	pthread_t *threads = calloc(jobs, sizeof(*threads));
	unsigned int i, started = 0;

	if (!threads)
		return -ENOMEM;
	order_end(c);
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
	struct check c = {.colour = cli_colour(STDOUT_FILENO), .top = 10};
	const char *kernel = NULL;
	const char *bad;
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
		{"stats", 0, CLI_FLAG, NULL, "where instructions and states went, by source line",
		 &c.stats},
		{"top", 0, CLI_NUMBER, "N", "lines that --stats shows (default: 10; 0: all)",
		 &c.top},
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
	bad = bad_flags(&c.flags);
	if (bad || jobs == 0 || jobs > MAX_JOBS) {
		if (bad)
			cli_usage(cmd, "--prog-flags wants N or PROG=N, not '%s'", bad);
		else
			cli_usage(cmd, "--jobs is from 1 to %u, not %u", MAX_JOBS, jobs);
		goto out;
	}
	c.operands = argv + 1;
	c.n = n;
	c.results = calloc(n, sizeof(*c.results));
	pthread_mutex_init(&c.lock, NULL);
	pthread_cond_init(&c.done, NULL);
	if (!c.results || order_start(&c, jobs)) {
		cli_error("out of memory");
		goto out;
	}
	c.kernel = cli_kernel(kernel);
	if (!c.kernel)
		goto out;
	if (run_all(&c, jobs))
		cli_error("out of memory");
	else
		status = exit_status(&c);
out:
	order_end(&c);
	free(c.results);
	free(c.order);
	kfunc_kernel__close(c.kernel);
	free(c.flags.v);
	return status;
}

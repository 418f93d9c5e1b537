/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * kfunc run: loads an object into this process and runs its programs. With a command they are attached
 * to the hooks that their sections name, and the command's processes raise the events; with --cgroup
 * so do directories of that control group hierarchy. Otherwise each program is run with test data.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "cli.h"
#include "diag/diag.h"
#include "loader/loader.h"
#include "runtime/events.h"
#include "runtime/run.h"

struct run {
	const char *operand, *prog, *pcap, *cgroup;
	uint32_t repeat;
	bool json;
	char **command;
	struct kfunc_object *obj;
	struct kfunc_link **links;
	unsigned int n_links;
};

static void print_line(void *ctx, const char *text)
{
	(void)ctx;
	printf("%s\n", text);
	fflush(stdout);
}

static void print_json_line(void *ctx, const char *text)
{
	struct strbuf b = {0};

	(void)ctx;
	strbuf_puts(&b, "{\"schema\":1,\"printk\":");
	diag_json_string(&b, text);
	printf("%s}\n", strbuf_str(&b));
	fflush(stdout);
	strbuf_free(&b);
}

/* ---- loading ---- */

static int status_of(enum kfunc_verdict v)
{
	static const int status[] = {[KFUNC_ACCEPT] = CLI_OK,
				     [KFUNC_REJECT] = CLI_REJECTED,
				     [KFUNC_UNSUPPORTED] = CLI_UNSUPPORTED,
				     [KFUNC_LIMIT] = CLI_LIMIT};

	return status[v];
}

static bool wanted(const struct run *r, const struct kfunc_program *p)
{
	return !r->prog || strcmp(r->prog, kfunc_program__name(p)) == 0;
}

static int load_failed(const struct run *r, int err)
{
	struct kfunc_program *p = NULL;

	while ((p = kfunc_object__next_program(r->obj, p))) {
		KFUNC_OPTS(kfunc_report, rep);

		if (kfunc_program__report(p, &rep) || rep.verdict == KFUNC_ACCEPT)
			continue;
		fputs(rep.text, stderr);
		return status_of(rep.verdict);
	}
	cli_error("%s: %s", r->operand,
		  kfunc_object__error(r->obj)[0] ? kfunc_object__error(r->obj) : strerror(-err));
	return err == -524 ? CLI_UNSUPPORTED : CLI_REJECTED;
}

static int load(struct run *r, const char *path, const char *name)
{
	char why[256] = "";
	KFUNC_OPTS(kfunc_object_opts, opts, .colour = cli_colour(STDERR_FILENO), .error = why,
		   .error_size = sizeof(why), .name = name);
	struct kfunc_program *p = NULL;
	struct strbuf warnings = {0};
	unsigned int found = 0;
	int err;

	r->obj = kfunc_object__open_file(path, &opts);
	if (!r->obj) {
		cli_error("%s: %s", r->operand, why[0] ? why : strerror(errno));
		return CLI_USAGE;
	}
	while (r->prog && (p = kfunc_object__next_program(r->obj, p))) {
		bool want = wanted(r, p);

		/* what its program arrays hold has to be loaded too, or they could not be filled */
		kfunc_program__set_autoload(p, want || loader_program_in_slot(p));
		found += want;
	}
	if (r->prog && !found) {
		cli_error("%s: there is no program %s", r->operand, r->prog);
		return CLI_USAGE;
	}
	err = kfunc_object__load(r->obj);
	if (err)
		return load_failed(r, err);
	cli_put_warnings(r->obj, &warnings);
	fputs(strbuf_str(&warnings), stderr);
	strbuf_free(&warnings);
	return CLI_OK;
}

/* ---- reports ---- */

static void put_result(const struct run *r, const struct kfunc_program *p, const uint32_t *retval,
		       uint64_t runs, uint64_t ns_per_run)
{
	struct strbuf b = {0};

	if (!r->json) {
		printf("%s: ", kfunc_program__name(p));
		if (retval)
			printf("returned %" PRIu32 ", ", *retval);
		printf("%" PRIu64 " run%s", runs, runs == 1 ? "" : "s");
		if (runs)
			printf(", %" PRIu64 " ns each", ns_per_run);
		printf("\n");
		return;
	}
	strbuf_puts(&b, "{\"schema\":1,\"program\":");
	diag_json_string(&b, kfunc_program__name(p));
	if (retval)
		strbuf_printf(&b, ",\"retval\":%" PRIu32, *retval);
	else
		strbuf_puts(&b, ",\"retval\":null");
	strbuf_printf(&b, ",\"runs\":%" PRIu64 ",\"ns_per_run\":%" PRIu64 "}", runs, ns_per_run);
	printf("%s\n", strbuf_str(&b));
	strbuf_free(&b);
}

/* ---- test data ---- */

static int test_run(const struct run *r, const struct kfunc_program *p, const void *data,
		    size_t size)
{
	KFUNC_OPTS(kfunc_run_opts, opts, .repeat = r->repeat, .data_in = data,
		   .data_size_in = size);
	int err = kfunc_program__run(p, &opts);

	if (err == -524 || err == -EOPNOTSUPP) {
		cli_error("%s: programs of type %s cannot be run with test data; give a command "
			  "after --",
			  kfunc_program__name(p), kfunc_program__type_name(p));
		return CLI_UNSUPPORTED;
	}
	if (err == -EINVAL && kfunc_program__type(p) == BPF_PROG_TYPE_TRACING) {
		cli_error("%s: wants the arguments of its hook; give a command after --",
			  kfunc_program__name(p));
		return CLI_USAGE;
	}
	if (err) {
		cli_error("%s: the run failed: %s", kfunc_program__name(p), strerror(-err));
		return CLI_USAGE;
	}
	put_result(r, p, &opts.retval, opts.repeat ? opts.repeat : 1, opts.duration_ns);
	return CLI_OK;
}

static int run_capture(const struct run *r, const struct kfunc_program *p, bool from_network)
{
	struct capture_packet pkt;
	struct capture *c;
	char why[512];
	int status = CLI_OK, err;

	c = capture_open(r->pcap, from_network, why, sizeof(why));
	if (!c) {
		cli_error("--pcap %s: %s", r->pcap, why);
		return CLI_USAGE;
	}
	while (!status && (err = capture_next(c, &pkt, why, sizeof(why))) > 0)
		status = test_run(r, p, pkt.data, pkt.size);
	if (!status && err < 0) {
		cli_error("--pcap %s: %s", r->pcap, why);
		status = CLI_USAGE;
	}
	capture_close(c);
	return status;
}

/* which of a packet's headers is the first that programs of a type see */
enum first_header { NO_PACKET, LINK_HEADER, NETWORK_HEADER };

static enum first_header first_header(enum bpf_prog_type type)
{
	static const unsigned char first[] = {
		[BPF_PROG_TYPE_XDP] = LINK_HEADER,
		[BPF_PROG_TYPE_SCHED_CLS] = LINK_HEADER,
		[BPF_PROG_TYPE_SCHED_ACT] = LINK_HEADER,
		[BPF_PROG_TYPE_FLOW_DISSECTOR] = LINK_HEADER,
		[BPF_PROG_TYPE_SOCKET_FILTER] = NETWORK_HEADER,
		[BPF_PROG_TYPE_CGROUP_SKB] = NETWORK_HEADER,
		[BPF_PROG_TYPE_LWT_IN] = NETWORK_HEADER,
		[BPF_PROG_TYPE_LWT_OUT] = NETWORK_HEADER,
		[BPF_PROG_TYPE_LWT_XMIT] = NETWORK_HEADER,
	};

	return type < sizeof(first) / sizeof(first[0]) ? first[type] : NO_PACKET;
}

static int run_with_data(const struct run *r)
{
	static const char packet[64]; /* the smallest Ethernet frame */
	struct kfunc_program *p = NULL;
	int status = CLI_OK;

	while (!status && (p = kfunc_object__next_program(r->obj, p))) {
		enum first_header first = first_header(kfunc_program__type(p));

		if (kfunc_program__fd(p) < 0 || !wanted(r, p))
			continue;
		if (first && r->pcap)
			status = run_capture(r, p, first == NETWORK_HEADER);
		else
			status = test_run(r, p, first ? packet : NULL, first ? sizeof(packet) : 0);
	}
	return status;
}

/* ---- events ---- */

static int attach_all(struct run *r)
{
	struct kfunc_program *p = NULL;
	unsigned int n = 0;

	while ((p = kfunc_object__next_program(r->obj, p)))
		n++;
	r->links = calloc(n ? n : 1, sizeof(*r->links));
	if (!r->links)
		return CLI_USAGE;
	while ((p = kfunc_object__next_program(r->obj, p))) {
		struct kfunc_link *link;

		if (kfunc_program__fd(p) < 0 || !wanted(r, p))
			continue;
		link = kfunc_program__attach(p);
		if (!link) {
			int err = errno;

			cli_error("%s: cannot be attached to %s: %s", kfunc_program__name(p),
				  kfunc_program__section(p),
				  err == ESRCH || err == ENOENT
					  ? "there is no such hook in this process"
				  : err == 524 ? "this kind of hook is not supported"
					       : strerror(err));
			return err == 524 || err == EOPNOTSUPP ? CLI_UNSUPPORTED : CLI_USAGE;
		}
		r->links[r->n_links++] = link;
	}
	if (!r->n_links) {
		cli_error("%s: no program was loaded", r->operand);
		return CLI_USAGE;
	}
	return CLI_OK;
}

static void report_programs(const struct run *r)
{
	struct kfunc_program *p = NULL;

	while ((p = kfunc_object__next_program(r->obj, p))) {
		struct bpf_prog_info info = {0};
		union bpf_attr attr;

		memset(&attr, 0, sizeof(attr));
		attr.info.bpf_fd = kfunc_program__fd(p);
		attr.info.info = (uintptr_t)&info;
		attr.info.info_len = sizeof(info);
		if ((int)attr.info.bpf_fd < 0 || !wanted(r, p) ||
		    kfunc_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) < 0)
			continue;
		put_result(r, p, NULL, info.run_cnt,
			   info.run_cnt ? info.run_time_ns / info.run_cnt : 0);
	}
}

static int stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

/*
 * Whether there is such a command, as execvp(3) looks for it: 0 or an errno. Asked first, since the process
 * that would find out is an event already, which programs see.
 */
static int find_command(const char *name)
{
	const char *path = getenv("PATH"), *end;
	int err = ENOENT;

	if (strchr(name, '/'))
		return access(name, X_OK) ? errno : 0;
	for (path = path ? path : "/bin:/usr/bin"; err && path; path = *end ? end + 1 : NULL) {
		char file[4096];

		end = strchrnul(path, ':');
		/* an empty part is the current directory */
		if (snprintf(file, sizeof(file), "%.*s%s%s", (int)(end - path), path,
			     end > path ? "/" : "./", name) < (int)sizeof(file) &&
		    access(file, X_OK) == 0)
			err = 0;
	}
	return err;
}

static int run_with_events(struct run *r)
{
	struct rt_events_opts opts = {.argv = r->command,
				      .cgroup_dir = r->cgroup,
				      .forward_signals = r->command != NULL,
				      .stop_fd = -1};
	struct rt_events_result res = {0};
	int status, err;

	err = r->command ? find_command(r->command[0]) : 0;
	if (err) {
		cli_error("%s: %s", r->command[0], strerror(err));
		return CLI_USAGE;
	}
	err = rt_events_declare();
	if (err) {
		cli_error("%s", strerror(-err));
		return CLI_USAGE;
	}
	status = attach_all(r);
	if (status)
		return status;
	if (!r->command)
		opts.stop_fd = stop_signals();
	fflush(stdout);
	rt_stats_enable(true);
	err = rt_events_run(&opts, &res);
	rt_stats_enable(false);
	if (opts.stop_fd >= 0)
		close(opts.stop_fd);
	if (err) {
		cli_error("%s%s: %s", r->command ? "" : "--cgroup ",
			  r->command ? r->command[0] : r->cgroup, strerror(-err));
		return CLI_USAGE;
	}
	report_programs(r);
	if (r->command && !r->json && WIFSIGNALED(res.wait_status))
		printf("the command was ended by signal %d\n", WTERMSIG(res.wait_status));
	else if (r->command && !r->json && WEXITSTATUS(res.wait_status))
		printf("the command ended with status %d\n", WEXITSTATUS(res.wait_status));
	if (res.missed)
		cli_error("%" PRIu64 " events were missed", res.missed);
	return CLI_OK;
}

int cmd_run(const struct cli_command *cmd, int argc, char **argv)
{
	struct run r = {0};
	const struct cli_option opts[] = {
		{"prog", 'p', CLI_STRING, "NAME", "only this program", &r.prog},
		{"pcap", 0, CLI_STRING, "FILE",
		 "run packet programs on the packets of this capture", &r.pcap},
		{"repeat", 'r', CLI_NUMBER, "N", "run N times with the same test data", &r.repeat},
		{"cgroup", 0, CLI_STRING, "DIR", "watch this control group hierarchy", &r.cgroup},
		{"json", 0, CLI_FLAG, NULL, "one JSON object a line", &r.json},
		{0},
	};
	int n = cli_parse(cmd, opts, argc, argv, &r.command), status;
	bool temporary;
	char *path, *name;

	if (n < 0)
		return -1 - n;
	if (n != 1)
		return cli_usage(cmd, n ? "one object at a time" : "which object?");
	if (r.command && !r.command[0])
		return cli_usage(cmd, "which command?");
	r.operand = argv[1];
	path = cli_object(r.operand, &temporary);
	if (!path)
		return CLI_USAGE;
	kfunc_set_printk(r.json ? print_json_line : print_line, NULL);
	name = cli_object_name(r.operand, temporary);
	status = load(&r, path, name);
	if (!status)
		status = r.command || r.cgroup ? run_with_events(&r) : run_with_data(&r);
	while (r.n_links)
		kfunc_link__destroy(r.links[--r.n_links]);
	free(r.links);
	kfunc_object__close(r.obj);
	cli_object_done(path, temporary);
	free(name);
	return status;
}

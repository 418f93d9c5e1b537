/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Descriptors of the boundary's objects among those of the host: the host closes all it finds, opens its
 * own files at the same numbers, forks, and opens and closes from many threads.
 */
#include "lib/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <kfunc/libkfunc.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGHEST 400

static int works(int fd)
{
	uint32_t key = 0;
	uint64_t value = 7, got = 0;

	return t_update(fd, &key, &value, 0) == 0 && t_lookup(fd, &key, &got) == 0 && got == 7;
}

static int array(void)
{
	return t_create(BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0);
}

static int in_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* 0: fine, else the step that failed */
static int with_all_closed(void)
{
	int fd, old = array();

	for (fd = 3; fd < HIGHEST; fd++)
		close(fd);
	if (works(old))
		return 1;
	fd = array();
	if (fd < 0 || !works(fd))
		return 2;
	return kfunc_close(fd) ? 3 : 0;
}

/* the host's file stands where the library's own descriptor was: it stays as it is */
static int with_all_replaced(void)
{
	char path[] = "/tmp/fd-test-XXXXXX";
	int file = mkstemp(path), first = array(), fd, i;
	struct flock fl = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (file < 0 || unlink(path) || write(file, "text", 4) != 4)
		return 10;
	for (i = 3; i < HIGHEST; i++)
		if (i != file && fcntl(i, F_GETFD) >= 0 && dup2(file, i) != i)
			return 11;
	if (works(first))
		return 12;
	fd = array();
	if (fd < 0 || !works(fd))
		return 13;
	if (lseek(file, 0, SEEK_CUR) != 4)
		return 14;
	if (fcntl(file, F_OFD_GETLK, &fl) || fl.l_type != F_UNLCK)
		return 15;
	return kfunc_close(fd) || works(fd) ? 16 : 0;
}

/* what a parent has open works in its child, and what the child opens is another object */
static int with_parents(void)
{
	int fd = array();

	if (fd < 0 || !works(fd) || kfunc_close(fd))
		return 20;
	return works(fd) ? 21 : 0;
}

static void closed_by_host(void **state)
{
	(void)state;
	assert_int_equal(in_child(with_all_closed), 0);
}

static void replaced_by_host(void **state)
{
	(void)state;
	assert_int_equal(in_child(with_all_replaced), 0);
}

static void forked(void **state)
{
	int fd = array();

	(void)state;
	assert_int_equal(in_child(with_parents), 0);
	assert_true(works(fd));
	assert_int_equal(kfunc_close(fd), 0);
}

static void *open_and_close(void *arg)
{
	int fd[16], copy, i, round, *bad = arg;

	for (round = 0; round < 200; round++) {
		for (i = 0; i < 16; i++)
			fd[i] = array();
		copy = dup(fd[round % 16]);
		for (i = 0; i < 16; i++) {
			*bad += fd[i] < 0 || !works(fd[i]);
			/* every other one behind the library's back */
			*bad += (i & 1 ? close(fd[i]) : kfunc_close(fd[i])) != 0;
		}
		*bad += !works(copy);
		*bad += kfunc_close(copy) != 0;
	}
	return NULL;
}

static void from_threads(void **state)
{
	pthread_t t[4];
	int bad[4] = {0}, i;

	(void)state;
	for (i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, open_and_close, &bad[i]), 0);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], NULL);
		assert_int_equal(bad[i], 0);
	}
	syscall_sweep();
	assert_int_equal(kfunc_bpf(BPF_MAP_GET_NEXT_ID, &(union bpf_attr){0},
				   sizeof(union bpf_attr)),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_by_host),
		cmocka_unit_test(replaced_by_host),
		cmocka_unit_test(forked),
		cmocka_unit_test(from_threads),
	};

	return cmocka_run_group_tests_name("syscall/fd", tests, NULL, NULL);
}

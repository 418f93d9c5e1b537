/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Allocation for every room. One place, so that a test build can make the n-th allocation fail
 * (mem_fail_at) and prove that nothing leaks or crashes on that path. All functions return NULL on
 * failure; nothing here prints or aborts.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t size);
void *mem_zalloc(size_t size);
/* n * size with overflow check, zeroed */
void *mem_calloc(size_t n, size_t size);
/* keeps the old block when it fails */
void *mem_realloc(void *p, size_t size);
void *mem_dup(const void *p, size_t size);
char *mem_strdup(const char *s);
void mem_free(void *p);
/* what a block takes of memory, the allocator's own word included; 0 for NULL */
size_t mem_size(const void *p);

/*
 * Grows *arr, an array of elements of elem_size bytes with room for *cap of them, to room for at
 * least need elements. Returns 0 or -ENOMEM, in which case the array is as it was.
 */
int mem_grow(void **arr, size_t *cap, size_t need, size_t elem_size);

/* Test hook: the n-th allocation from now on fails (1 = the next one); 0 switches it off. */
void mem_fail_at(uint64_t n);
/* Whether that allocation is still to come. */
bool mem_fail_pending(void);

#endif

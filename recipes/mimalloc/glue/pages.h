/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A store of page runs: what the operating system is to mimalloc elsewhere.
 */
#ifndef __MIMALLOC_PAGES_H__
#define __MIMALLOC_PAGES_H__

#include <stddef.h>

/*
 * Gives memory to the store; bytes outside of whole pages are left alone.
 * Returns -1 for memory that lies beyond the address bits that mimalloc heard
 * of, 0 otherwise.
 */
int pages_add(void *base, size_t len);

/*
 * How many bits an address of the store has at most. From the first call on
 * this is a promise: mimalloc 3 makes a map as long as that.
 */
unsigned int pages_address_bits(void);

/*
 * Takes `len` bytes, rounded up to pages, aligned to `align` (a power of two
 * or zero). What was in the memory is still there: it is not cleared.
 * Returns NULL if no run is large enough.
 */
void *pages_alloc(size_t len, size_t align);

/* Returns a run, or any whole pages of it. */
void pages_free(void *addr, size_t len);

/* Bytes given to the store so far, and bytes that are in it now. */
size_t pages_total(void);
size_t pages_available(void);

/* Bytes of the largest run that could be taken with this alignment. */
size_t pages_largest(size_t align);

#endif /* __MIMALLOC_PAGES_H__ */

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BARE_ALLOC_H
#define BARE_ALLOC_H

#include <stddef.h>

/* The one region of memory that there is for a heap; size in bytes */
struct bare_region {
	char *start;
	size_t size;
};

struct bare_region bare_memory(void);

/* What a port of an allocator gives to the kernel, from bare_heap_init() */
struct bare_allocator {
	void *(*malloc)(size_t size);
	void *(*calloc)(size_t count, size_t size);
	void (*free)(void *block);
	size_t (*available)(void);
};

void bare_heap_init(void);
void bare_register(const struct bare_allocator *allocator);

/* For applications */
void *bare_malloc(size_t size);
void *bare_calloc(size_t count, size_t size);
void bare_free(void *block);
size_t bare_available(void);

#endif /* BARE_ALLOC_H */

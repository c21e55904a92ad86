/* SPDX-License-Identifier: BSD-3-Clause */
/* Running out of memory, and the side that Unikraft sees */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <uk/alloc.h>

#include "test.h"

#define PAGE KIB(4)

const char *test_huge_request(void)
{
	static const size_t requests[] = {
		(size_t)1 << 40, PTRDIFF_MAX / 2, PTRDIFF_MAX, SIZE_MAX,
	};

	for (size_t i = 0; i < COUNT(requests); i++) {
		void *block;

		errno = 0;
		block = malloc(opaque_size(requests[i]));
		CHECK(!block);
		CHECK(errno == ENOMEM);
		/* and the next one is served */
		block = malloc(100);
		CHECK(block);
		free(block);
	}

	/* a realloc() that fails leaves the block as it was */
	char *kept = malloc(100);

	CHECK(kept);
	pattern_fill(kept, 100, 3);
	CHECK(!realloc(kept, opaque_size((size_t)1 << 40)));
	CHECK(pattern_ok(kept, 100, 3));
	free(kept);
	return NULL;
}

const char *test_overflow(void)
{
	CHECK(!calloc(opaque_size(SIZE_MAX / 2), 3));
	/* wraps around to 16 */
	CHECK(!calloc(opaque_size(SIZE_MAX / 16 + 2), 16));
	return NULL;
}

/* Takes blocks of a megabyte until there are no more, as a list */
static size_t take_all(void **list)
{
	size_t taken = 0;
	void **block;

	*list = NULL;
	while ((block = malloc(MIB(1)))) {
		*block = *list;
		*list = block;
		taken++;
	}
	return taken;
}

static void give_back(void *list)
{
	while (list) {
		void *next = *(void **)list;

		free(list);
		list = next;
	}
}

const char *test_exhaustion(void)
{
	size_t first, second;
	void *list;

	errno = 0;
	first = take_all(&list);
	CHECK(errno == ENOMEM);
	give_back(list);
	CHECK(first > 0);

	/* the second time there is as much: a segment that is kept for later,
	 * of 32 MiB at most, may be missing
	 */
	second = take_all(&list);
	give_back(list);
	CHECK(second + 32 >= first);
	return NULL;
}

const char *test_addmem(void)
{
	static char extra[MIB(1)] __attribute__((aligned(4096)));
	struct uk_alloc *a = uk_alloc_get_default();
	const __ssz before = uk_alloc_availmem(a);

	CHECK(uk_alloc_addmem(a, extra, sizeof(extra)) == 0);
	CHECK(uk_alloc_availmem(a) == before + (__ssz)sizeof(extra));
	return NULL;
}

const char *test_availmem(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	void *blocks[8];
	int fell = 0;

	CHECK(uk_alloc_availmem(a) > 0);
	CHECK(uk_alloc_pavailmem(a) == (long)(uk_alloc_availmem(a) / PAGE));

	/* mimalloc may have one in stock, and it may clear out its stock to
	 * get one, but not each time
	 */
	for (size_t i = 0; i < COUNT(blocks); i++) {
		const __ssz before = uk_alloc_availmem(a);

		blocks[i] = malloc(MIB(40));
		if (blocks[i] && uk_alloc_availmem(a) <= before - (__ssz)MIB(40))
			fell = 1;
	}
	for (size_t i = 0; i < COUNT(blocks); i++)
		free(blocks[i]);
	CHECK(fell);
	return NULL;
}

const char *test_maxalloc(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	const __ssz max = uk_alloc_maxalloc(a);
	char *block;

	CHECK(max > 0);
	CHECK(max <= uk_alloc_availmem(a));
	CHECK(uk_alloc_pmaxalloc(a) == (long)(max / PAGE));

	/* what is promised can be had, to its last byte */
	block = uk_malloc(a, max);
	CHECK(block);
	block[0] = 1;
	block[max - 1] = 1;
	uk_free(a, block);
	return NULL;
}

const char *test_palloc(void)
{
	struct uk_alloc *a = uk_alloc_get_default();

	for (unsigned long pages = 1; pages <= 1024; pages *= 4) {
		void *one = uk_palloc(a, pages), *two = uk_palloc(a, pages);

		CHECK(one && two);
		CHECK(is_aligned(one, PAGE) && is_aligned(two, PAGE));
		pattern_fill(one, pages * PAGE, 1);
		pattern_fill(two, pages * PAGE, 2);
		CHECK(pattern_ok(one, pages * PAGE, 1));
		CHECK(pattern_ok(two, pages * PAGE, 2));
		uk_pfree(a, one, pages);
		uk_pfree(a, two, pages);
	}
	return NULL;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* Running out of memory, and the side that Unikraft sees */
#include <errno.h>
#include <malloc.h>
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
	CHECK(second + share(MIB(32), 4) / MIB(1) >= first);
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

#if THOROUGH
/* A thread has its own errno, and it lives on */
const char *test_exhaustion_in_a_thread(void)
{
	return in_a_thread(test_exhaustion);
}

/* Half of the memory, so many times that it must have come back in between */
const char *test_given_back(void)
{
	const size_t size = uk_alloc_maxalloc(uk_alloc_get_default()) / 2;

	CHECK(size >= MIB(1));
	for (size_t i = 0; i < 5; i++) {
		char *block = malloc(size);

		CHECK(block);
		for (size_t at = 0; at < size; at += MIB(1))
			block[at] = 1;
		free(block);
	}
	return NULL;
}

/* A region of its own, of which a block is had, given back, and had again. Its
 * memory was the allocator's, which does not hear that it is.
 */
const char *test_regions(void)
{
	const size_t size = share(MIB(3), 12), len = 4 * size;
	char *region = memalign(PAGE, len);

	CHECK(region);
	CHECK(uk_alloc_addmem(uk_alloc_get_default(), region, len) == 0);
	for (size_t round = 0; round < 2; round++) {
		void *list = NULL, **block;
		size_t inside = 0;

		while ((block = malloc(size))) {
			const size_t at = (size_t)block - (size_t)region;

			*block = list;
			list = block;
			if (at >= len)
				continue;
			inside++;
			pattern_fill(block + 1, size - sizeof(*block), 4);
			CHECK(pattern_ok(block + 1, size - sizeof(*block), 4));
		}
		give_back(list);
		CHECK(inside > 0);
	}
	return NULL;
}

const char *test_statistics(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	struct uk_alloc_stats before, now;
	void *one, *two;

	uk_alloc_stats_get(a, &before);
	one = uk_malloc(a, 1000);
	two = uk_calloc(a, 10, KIB(4));
	CHECK(one && two);
	uk_alloc_stats_get(a, &now);
	CHECK(now.tot_nb_allocs == before.tot_nb_allocs + 2);
	CHECK(now.cur_nb_allocs == before.cur_nb_allocs + 2);
	CHECK(now.cur_mem_use >= before.cur_mem_use + 1000 + (__ssz)KIB(40));
	CHECK(now.last_alloc_size >= KIB(40));
	CHECK(now.max_mem_use >= now.cur_mem_use);

	/* a block that moves is one that goes and one that comes */
	one = uk_realloc(a, one, MIB(1));
	CHECK(one);
	uk_alloc_stats_get(a, &now);
	CHECK(now.cur_nb_allocs == before.cur_nb_allocs + 2);
	CHECK(now.cur_mem_use >= before.cur_mem_use + (__ssz)MIB(1));

	uk_free(a, one);
	uk_free(a, two);
	uk_free(a, NULL);
	uk_alloc_stats_get(a, &now);
	CHECK(now.cur_nb_allocs == before.cur_nb_allocs);
	CHECK(now.cur_mem_use == before.cur_mem_use);
	CHECK(now.tot_nb_frees == before.tot_nb_frees + 3);
	CHECK(now.nb_enomem == before.nb_enomem);

	CHECK(!uk_malloc(a, opaque_size((size_t)1 << 40)));
	uk_alloc_stats_get(a, &now);
	CHECK(now.nb_enomem == before.nb_enomem + 1);
	CHECK(now.cur_nb_allocs == before.cur_nb_allocs);
	return NULL;
}
#endif /* THOROUGH */

const char *test_availmem(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	const size_t size = share(MIB(40), 6);
	void *blocks[8];
	int fell = 0;

	CHECK(uk_alloc_availmem(a) > 0);
	CHECK(uk_alloc_pavailmem(a) == (long)(uk_alloc_availmem(a) / PAGE));

	/* mimalloc may have one in stock, and it may clear out its stock to
	 * get one, but not each time
	 */
	for (size_t i = 0; i < COUNT(blocks); i++) {
		const __ssz before = uk_alloc_availmem(a);

		blocks[i] = malloc(size);
		if (blocks[i] && uk_alloc_availmem(a) <= before - (__ssz)size)
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

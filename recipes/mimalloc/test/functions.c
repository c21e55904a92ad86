/* SPDX-License-Identifier: BSD-3-Clause */
/* The allocation functions of C and POSIX, one thread */
#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

/* Of every class: tiny, small, medium, large, and huge to mimalloc */
static const size_t sizes[] = {
	1, 7, 8, 16, 24, 100, 128, 1000, KIB(1), KIB(4), KIB(10), KIB(64),
	KIB(100), KIB(512), MIB(1), MIB(3), MIB(20),
};

static size_t nth_size(size_t i)
{
	return share(sizes[i], 12);
}

const char *test_malloc(void)
{
	void *blocks[COUNT(sizes)];

	for (size_t i = 0; i < COUNT(sizes); i++) {
		blocks[i] = malloc(nth_size(i));
		CHECK(blocks[i]);
		pattern_fill(blocks[i], nth_size(i), i);
	}
	for (size_t i = 0; i < COUNT(sizes); i++) {
		CHECK(pattern_ok(blocks[i], nth_size(i), i));
		free(blocks[i]);
	}
	return NULL;
}

const char *test_calloc(void)
{
	for (size_t i = 0; i < COUNT(sizes); i++) {
		unsigned char *block = calloc(3, nth_size(i));

		CHECK(block);
		CHECK(is_zero(block, 3 * nth_size(i)));
		free(block);
	}
	return NULL;
}

const char *test_realloc(void)
{
	char *block = NULL;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		block = realloc(block, nth_size(i));
		CHECK(block);
		block[nth_size(i) - 1] = 1;
	}
	free(block);
	return NULL;
}

const char *test_posix_memalign(void)
{
	for (size_t align = sizeof(void *); align <= KIB(64); align *= 2) {
		void *block = NULL;

		CHECK(posix_memalign(&block, align, 3 * align) == 0);
		CHECK(block);
		CHECK(is_aligned(block, align));
		pattern_fill(block, 3 * align, align);
		CHECK(pattern_ok(block, 3 * align, align));
		free(block);
	}
	return NULL;
}

const char *test_memalign(void)
{
	for (size_t align = 8; align <= KIB(64); align *= 2) {
		/* a size below, at, and above the alignment */
		for (size_t size = align / 2; size <= 2 * align; size *= 2) {
			void *block = memalign(align, size);

			CHECK(block);
			CHECK(is_aligned(block, align));
			pattern_fill(block, size, align);
			CHECK(pattern_ok(block, size, align));
			free(block);
		}
	}
	return NULL;
}

const char *test_natural_alignment(void)
{
	for (size_t size = 16; size <= 4096; size += 8) {
		void *block = malloc(size);

		CHECK(block);
		CHECK(is_aligned(block, _Alignof(max_align_t)));
		free(block);
	}
	return NULL;
}

const char *test_large_alignment(void)
{
	for (size_t align = KIB(64); align <= MIB(1); align *= 2) {
		void *one = memalign(align, 40), *two = memalign(align, align);

		CHECK(one && two);
		CHECK(is_aligned(one, align));
		CHECK(is_aligned(two, align));
		pattern_fill(one, 40, 1);
		pattern_fill(two, align, 2);
		CHECK(pattern_ok(one, 40, 1));
		CHECK(pattern_ok(two, align, 2));
		free(one);
		free(two);
	}
	return NULL;
}

const char *test_bad_alignment(void)
{
	void *block = NULL;

	CHECK(posix_memalign(&block, 3 * sizeof(void *), 64) == EINVAL);
	CHECK(posix_memalign(&block, sizeof(void *) / 2, 64) == EINVAL);
	CHECK(!memalign(48, 64));
	return NULL;
}

/* Dirties blocks of a size, frees them, and looks at what calloc() returns */
static const char *calloc_reuse(size_t size, size_t n)
{
	void *blocks[n];

	for (size_t i = 0; i < n; i++) {
		blocks[i] = malloc(size);
		CHECK(blocks[i]);
		memset(blocks[i], 0xa5, size);
		opaque_pointer(blocks[i]);
	}
	for (size_t i = 0; i < n; i++)
		free(blocks[i]);
	for (size_t i = 0; i < n; i++) {
		blocks[i] = calloc(1, size);
		CHECK(blocks[i]);
		CHECK(is_zero(blocks[i], size));
		memset(blocks[i], 0x5a, size);
	}
	for (size_t i = 0; i < n; i++)
		free(blocks[i]);
	return NULL;
}

const char *test_calloc_small_reuse(void)
{
	TRY(calloc_reuse(16, 1000));
	TRY(calloc_reuse(200, 500));
	TRY(calloc_reuse(KIB(2), 200));
	return NULL;
}

/*
 * Larger than a page of mimalloc up to larger than its segments, several at a
 * time: some of this memory went back to the system in between. The largest
 * always does: it is more than the regions of 1.6 serve.
 */
const char *test_calloc_large_reuse(void)
{
	TRY(calloc_reuse(KIB(40), 50));
	TRY(calloc_reuse(KIB(600), 20));
	TRY(calloc_reuse(share(MIB(5), 8), 4));
	TRY(calloc_reuse(share(MIB(40), 6), 2));
	TRY(calloc_reuse(share(MIB(100), 2), 1));
	/* and other sizes where these had been */
	TRY(calloc_reuse(KIB(100), 100));
	TRY(calloc_reuse(MIB(1), 16));
	return NULL;
}

const char *test_realloc_growth(void)
{
	size_t size = 10;
	char *block = malloc(size);

	CHECK(block);
	pattern_fill(block, size, 5);
	while (size < share(MIB(40), 6)) {
		const size_t before = size;

		size = size * 3 + 1;
		block = realloc(block, size);
		CHECK(block);
		CHECK(pattern_ok(block, before, 5));
		pattern_fill(block, size, 5);
	}
	free(block);
	return NULL;
}

const char *test_realloc_shrink(void)
{
	size_t size = share(MIB(40), 6);
	char *block = malloc(size);

	CHECK(block);
	pattern_fill(block, size, 9);
	/* not down to nothing: what realloc() does then is each one's own */
	for (size /= 3; size; size /= 3) {
		block = realloc(block, size);
		CHECK(block);
		CHECK(pattern_ok(block, size, 9));
	}
	free(block);
	return NULL;
}

const char *test_null(void)
{
	void *block;

	free(opaque_pointer(NULL));
	block = realloc(opaque_pointer(NULL), 100);
	CHECK(block);
	pattern_fill(block, 100, 1);
	CHECK(pattern_ok(block, 100, 1));
	free(block);
	return NULL;
}

/* NULL or a block of no use is up to the implementation; free() takes both,
 * and two blocks must not be the same.
 */
const char *test_zero_size(void)
{
	void *one = malloc(opaque_size(0)), *two = malloc(opaque_size(0));
	void *three = calloc(opaque_size(0), 8), *four = NULL;

	CHECK(!one || one != two);
	free(one);
	free(two);
	free(three);
	free(calloc(8, opaque_size(0)));
	free(memalign(64, opaque_size(0)));
	if (posix_memalign(&four, 64, opaque_size(0)) == 0)
		free(four);

	one = malloc(100);
	CHECK(one);
	free(realloc(one, opaque_size(0)));
	return NULL;
}

#define CHURN_SLOTS 256
#define CHURN_STEPS 20000

/* For each size of these that a thread uses mimalloc takes 512 KiB, or 4 MiB:
 * small guests do not have that much.
 */
static size_t churn_most(void)
{
	return share(MIB(200), 1) < MIB(200) ? KIB(16) : KIB(300);
}

/* Mostly small blocks, some large, as programs do; each is checked when freed */
static size_t churn_size(unsigned int *state)
{
	const unsigned int r = random_next(state);

	switch (r % 64) {
	case 0:
		return 1 + random_next(state) % churn_most();
	case 1 ... 7:
		return 1 + random_next(state) % KIB(16);
	default:
		return 1 + random_next(state) % 512;
	}
}

const char *test_churn(void)
{
	/* one struct for each thread: not on the stack, which is small */
	struct slot {
		unsigned char *block;
		size_t size;
	} *slots = calloc(CHURN_SLOTS, sizeof(*slots));
	unsigned int state = 0x9e3779b9u ^ (unsigned int)(size_t)slots;

	CHECK(slots);
	for (unsigned int step = 0; step < CHURN_STEPS; step++) {
		const unsigned int i = random_next(&state) % CHURN_SLOTS;
		struct slot *slot = &slots[i];

		if (slot->block) {
			CHECK(pattern_ok(slot->block, slot->size, i));
			if (step % 3 == 0) {
				const size_t size = churn_size(&state);
				const size_t kept = size < slot->size
						    ? size : slot->size;

				slot->block = realloc(slot->block, size);
				CHECK(slot->block);
				CHECK(pattern_ok(slot->block, kept, i));
				slot->size = size;
				pattern_fill(slot->block, size, i);
				continue;
			}
			free(slot->block);
		}
		slot->size = churn_size(&state);
		slot->block = malloc(slot->size);
		CHECK(slot->block);
		pattern_fill(slot->block, slot->size, i);

		/* the scheduler is cooperative: let others in between */
		if (step % 50 == 0)
			sched_yield();
	}
	for (unsigned int i = 0; i < CHURN_SLOTS; i++) {
		if (slots[i].block)
			CHECK(pattern_ok(slots[i].block, slots[i].size, i));
		free(slots[i].block);
	}
	free(slots);
	return NULL;
}

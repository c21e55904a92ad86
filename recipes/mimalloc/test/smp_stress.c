/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both CPUs allocate and free at the same time, each other's blocks too: these
 * change hands by an atomic exchange. Each block tells its size and its seed
 * in its first word, and the rest of it follows from them, so that whoever
 * frees it can check all of it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <uk/alloc.h>
#include <uk/plat/lcpu.h>

#include "smp.h"

#define OPERATIONS	10000000UL /* of both CPUs */
#define OWN		1024
#define SHARED		512
#define LARGEST		MIB(4)

static struct side {
	unsigned int random;
	unsigned int seed;
	unsigned long operations;
	unsigned long foreign;	/* blocks freed that the other CPU allocated */
	void *own[OWN];
} sides[2];

static void *shared[SHARED];

static struct side *my_side(void)
{
	return &sides[ukplat_lcpu_idx()];
}

/* ------------------------------------------------------------------------
 * Contents: 23 bits of size, 24 of seed, one for the CPU, 16 to check these
 */
#define SIZE_BITS	23
#define SEED_BITS	24
#define CHECK_SHIFT	48
#define SPREAD		0x9e3779b97f4a7c15ULL

static inline uint64_t check_of(uint64_t low)
{
	return (low * SPREAD) >> CHECK_SHIFT << CHECK_SHIFT;
}

static void seal(void *block, size_t size, struct side *side)
{
	const uint64_t seed = side->seed++ & ((1UL << SEED_BITS) - 1);
	const uint64_t low = size | seed << SIZE_BITS
			     | (uint64_t)(side - sides) << 47;
	const uint64_t head = low | check_of(low);
	uint64_t *words = block;
	uint64_t next = head;

	words[0] = head;
	for (size_t i = 1; i < size / 8; i++)
		words[i] = next += SPREAD;
	next += SPREAD;
	memcpy((char *)block + (size & ~7UL), &next, size & 7);
}

static inline size_t size_of(const void *block)
{
	return *(const uint64_t *)block & ((1UL << SIZE_BITS) - 1);
}

/* Of its first `size` bytes, as the block was sealed */
static int is_intact(const void *block, size_t size)
{
	const uint64_t *words = block;
	uint64_t next = words[0], low = next & ((1UL << CHECK_SHIFT) - 1);

	if ((low | check_of(low)) != next || size_of(block) > LARGEST)
		return 0;
	for (size_t i = 1; i < size / 8; i++)
		if (words[i] != (next += SPREAD))
			return 0;
	next += SPREAD;
	return !memcmp((const char *)block + (size & ~7UL), &next, size & 7);
}

static int is_clear(const void *block, size_t size)
{
	const uint64_t *words = block;
	const char *rest = (const char *)block + (size & ~7UL);

	for (size_t i = 0; i < size / 8; i++)
		if (words[i])
			return 0;
	for (size_t i = 0; i < (size & 7); i++)
		if (rest[i])
			return 0;
	return 1;
}

/* ------------------------------------------------------------------------
 * Operations: each takes or gives back one block, or changes its size
 */

/* Most are small, one in 4096 has more than 128 KiB */
static size_t random_size(struct side *side)
{
	const unsigned int kind = random_next(&side->random) % 4096;
	const size_t least = kind < 3840 ? 8 : kind < 4085 ? 256
			     : kind < 4095 ? KIB(4) : KIB(128);
	const size_t most = kind < 3840 ? 256 : kind < 4085 ? KIB(4)
			    : kind < 4095 ? KIB(128) : LARGEST;

	return least + random_next(&side->random) % (most - least + 1);
}

static const char *take(struct side *side, void **slot)
{
	const size_t size = random_size(side);
	const int clear = random_next(&side->random) % 8 == 0;

	*slot = clear ? calloc(1, size) : malloc(size);
	CHECK(*slot);
	CHECK(is_aligned(*slot, 8));
	CHECK(!clear || is_clear(*slot, size));
	seal(*slot, size, side);
	side->operations++;
	return NULL;
}

static const char *give_back(struct side *side, void *block)
{
	CHECK(is_intact(block, size_of(block)));
	side->foreign += (*(uint64_t *)block >> 47 & 1)
			 != (uint64_t)(side - sides);
	/* whoever gets it next must not find it in order */
	memset(block, 0xdb, 8);
	free(block);
	side->operations++;
	return NULL;
}

static const char *resize(struct side *side, void **slot)
{
	const size_t size = random_size(side), before = size_of(*slot);
	void *block;

	CHECK(is_intact(*slot, before));
	block = realloc(*slot, size);
	CHECK(block);
	CHECK(is_intact(block, (size < before ? size : before) & ~7UL)
	      || size < 16);
	seal(block, size, side);
	*slot = block;
	side->operations++;
	return NULL;
}

static const char *hand_on(struct side *side, void **slot)
{
	void **place = &shared[random_next(&side->random) % SHARED];
	void *other = __atomic_exchange_n(place, *slot, __ATOMIC_ACQ_REL);

	*slot = NULL;
	return other ? give_back(side, other) : NULL;
}

static const char *operate(struct side *side)
{
	void **slot = &side->own[random_next(&side->random) % OWN];
	unsigned int what;

	if (!*slot)
		return take(side, slot);
	what = random_next(&side->random) % 8;
	if (what == 0)
		return resize(side, slot);
	if (what < 4)
		return hand_on(side, slot);
	TRY(give_back(side, *slot));
	*slot = NULL;
	return NULL;
}

static const char *clear_own(void)
{
	struct side *side = my_side();

	for (size_t i = 0; i < OWN; i++) {
		if (side->own[i])
			TRY(give_back(side, side->own[i]));
		side->own[i] = NULL;
	}
	return NULL;
}

static const char *clear_shared(void)
{
	for (size_t i = 0; i < SHARED; i++) {
		if (shared[i])
			TRY(give_back(my_side(), shared[i]));
		shared[i] = NULL;
	}
	return NULL;
}

static const char *operate_many(unsigned long operations)
{
	struct side *side = my_side();
	const unsigned long end = side->operations + operations;

	while (side->operations < end)
		TRY(operate(side));
	return clear_own();
}

/* One that fails must not leave the other waiting, so both go to their end */
static const char *many(void)
{
	return operate_many(OPERATIONS / 2);
}

static const char *few(void)
{
	return operate_many(OPERATIONS / 40);
}

static void start_sides(void)
{
	memset(sides, 0, sizeof(sides));
	sides[0].random = 12345;
	sides[1].random = 67890;
}

/* ------------------------------------------------------------------------
 * How much there is: the number of megabytes that can be had at a time
 */
static const char *collect(void)
{
	allocator_collect();
	return NULL;
}

static size_t megabytes(void)
{
	void *chain = NULL, *block;
	size_t count = 0;

	collect();
	on_second_cpu(collect);
	while ((block = malloc(MIB(1)))) {
		*(void **)block = chain;
		chain = block;
		count++;
	}
	while (chain) {
		block = chain;
		chain = *(void **)block;
		free(block);
	}
	collect();
	return count;
}

static size_t before;

const char *test_all_sizes(void)
{
	start_sides();
	TRY(on_both_cpus(few, few));
	TRY(clear_shared());
	before = megabytes();

	start_sides();
	TRY(on_both_cpus(many, many));
	TRY(clear_shared());
	say("%lu and %lu operations, %lu and %lu of them freed a block of the other CPU",
	    sides[0].operations, sides[1].operations, sides[0].foreign,
	    sides[1].foreign);
	CHECK(sides[0].operations + sides[1].operations >= OPERATIONS);
	CHECK(sides[0].foreign > OPERATIONS / 100);
	CHECK(sides[1].foreign > OPERATIONS / 100);
	return NULL;
}

/* What a heap keeps differs with where the last blocks lay */
#define SLACK 8

const char *test_nothing_lost(void)
{
	const size_t after = megabytes();

	say("%zu MiB could be had before, %zu afterwards", before, after);
	CHECK(before > 100);
	CHECK(after + SLACK >= before);
	return NULL;
}

/* ------------------------------------------------------------------------
 * Blocks so large that each comes from where the heaps get their memory
 */
#define LARGE_ROUNDS	5000
#define LARGE_HELD	8

static const char *churn_large(void)
{
	struct side *side = my_side();
	uint64_t *held[LARGE_HELD] = { NULL };
	size_t sizes[LARGE_HELD] = { 0 };

	for (unsigned int i = 0; i < LARGE_ROUNDS; i++) {
		const size_t at = random_next(&side->random) % LARGE_HELD;
		const size_t last = sizes[at] / 8 - 1;
		const uint64_t mark = (uintptr_t)held[at] ^ sizes[at];

		if (held[at]) {
			CHECK(held[at][0] == mark && held[at][last] == mark);
			held[at][0] = held[at][last] = 0;
			free(held[at]);
			held[at] = NULL;
			continue;
		}
		sizes[at] = KIB(256) * (1 + random_next(&side->random) % 16);
		held[at] = malloc(sizes[at]);
		CHECK(held[at]);
		held[at][0] = held[at][sizes[at] / 8 - 1] =
			(uintptr_t)held[at] ^ sizes[at];
	}
	for (size_t at = 0; at < LARGE_HELD; at++)
		free(held[at]);
	return collect();
}

/* The same, and looks all the time at what is said to be left */
static const char *churn_and_look(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	const ssize_t all = uk_alloc_availmem(a);

	for (int i = 0; i < 10; i++) {
		const ssize_t left = uk_alloc_availmem(a);

		CHECK(left > 0 && left <= all + (ssize_t)MIB(64));
		CHECK(uk_alloc_maxalloc(a) >= 0);
		TRY(churn_large());
	}
	return NULL;
}

static const char *churn_more(void)
{
	for (int i = 0; i < 10; i++)
		TRY(churn_large());
	return NULL;
}

const char *test_large_blocks(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	ssize_t first;

	start_sides();
	TRY(on_both_cpus(churn_large, churn_large));
	first = uk_alloc_availmem(a);
	TRY(on_both_cpus(churn_and_look, churn_more));
	say("availmem: %zd bytes before, %zd afterwards", first,
	    uk_alloc_availmem(a));
	CHECK(uk_alloc_availmem(a) + (ssize_t)MIB(SLACK) >= first);
	CHECK(uk_alloc_availmem(a) <= first + (ssize_t)MIB(SLACK));
	return NULL;
}

/* ------------------------------------------------------------------------
 * Core's account of what was allocated and freed
 */
#if CONFIG_LIBUKALLOC_IFSTATS
#define COUNTED 200000UL

static const char *count_pairs(void)
{
	for (unsigned long i = 0; i < COUNTED; i++) {
		void *block = opaque_pointer(malloc(64));

		CHECK(block);
		free(block);
	}
	return NULL;
}

const char *test_statistics(void)
{
	struct uk_alloc *a = uk_alloc_get_default();
	struct uk_alloc_stats was, is;

	uk_alloc_stats_get(a, &was);
	TRY(on_both_cpus(count_pairs, count_pairs));
	uk_alloc_stats_get(a, &is);
	say("counted %lu allocations of %lu, %ld blocks are left",
	    (unsigned long)(is.tot_nb_allocs - was.tot_nb_allocs), 2 * COUNTED,
	    (long)(is.cur_nb_allocs - was.cur_nb_allocs));
	CHECK(is.tot_nb_allocs - was.tot_nb_allocs == 2 * COUNTED);
	CHECK(is.tot_nb_frees - was.tot_nb_frees == 2 * COUNTED);
	CHECK(is.cur_nb_allocs == was.cur_nb_allocs);
	CHECK(is.cur_mem_use == was.cur_mem_use);
	return NULL;
}
#endif /* CONFIG_LIBUKALLOC_IFSTATS */

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UKPORT_TEST_H
#define UKPORT_TEST_H

#include <stddef.h>
#include <uk/config.h>

/* A test returns NULL if it passed, else what was wrong */
typedef const char *(*test_fn)(void);

struct test {
	const char *name;
	test_fn run;
};

/* Some tests take long, or hold the allocator to Unikraft's statistics of it:
 * they are there where these are counted.
 */
#define THOROUGH CONFIG_LIBUKALLOC_IFSTATS

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			return #condition;				\
	} while (0)

/* For helpers that are tests of their own */
#define TRY(call)							\
	do {								\
		const char *wrong = (call);				\
		if (wrong)						\
			return wrong;					\
	} while (0)

#define is_aligned(ptr, align) ((size_t)(ptr) % (align) == 0)

/*
 * The compiler knows what malloc() is, and would leave out a pair of malloc()
 * and free(), or an allocation that cannot succeed. It does not know this.
 */
static inline void *opaque_pointer(void *ptr)
{
	__asm__ __volatile__("" : "+r"(ptr) : : "memory");
	return ptr;
}

static inline size_t opaque_size(size_t size)
{
	__asm__ __volatile__("" : "+r"(size));
	return size;
}

/* core.c: the unit tests of core that ran at boot, each told as one of ours */
size_t core_cases(void);
size_t tell_core_cases(size_t number);

/* version.c: the begin line, with the allocator that runs */
void print_version(void);

/* pattern.c: contents that tell a block, and each place in it, from others */
void pattern_fill(void *block, size_t size, unsigned int seed);
int pattern_ok(const void *block, size_t size, unsigned int seed);
int is_zero(const void *block, size_t size);
unsigned int random_next(unsigned int *state);

/* room.c: what a test wants, or that part of the memory that was free at first,
 * if it is less: the largest blocks are for guests of half a gigabyte
 */
size_t share(size_t wanted, size_t parts);

/* threads.c */
#define THREADS 4
const char *in_a_thread(test_fn run);
const char *in_four_threads(test_fn run);

/* The tests, by file */
const char *test_malloc(void);
const char *test_calloc(void);
const char *test_realloc(void);
const char *test_posix_memalign(void);
const char *test_memalign(void);
const char *test_natural_alignment(void);
const char *test_large_alignment(void);
const char *test_bad_alignment(void);
const char *test_calloc_small_reuse(void);
const char *test_calloc_large_reuse(void);
const char *test_realloc_growth(void);
const char *test_realloc_shrink(void);
const char *test_null(void);
const char *test_zero_size(void);
const char *test_churn(void);

const char *test_huge_request(void);
const char *test_overflow(void);
const char *test_exhaustion(void);
const char *test_exhaustion_in_a_thread(void);
const char *test_given_back(void);
const char *test_addmem(void);
const char *test_availmem(void);
const char *test_regions(void);
const char *test_statistics(void);
const char *test_maxalloc(void);
const char *test_palloc(void);

const char *test_malloc_threads(void);
const char *test_calloc_threads(void);
const char *test_realloc_threads(void);
const char *test_posix_memalign_threads(void);
const char *test_memalign_threads(void);
const char *test_churn_threads(void);
const char *test_cross_thread_free(void);
const char *test_ring_of_threads(void);
const char *test_fifty_threads(void);
const char *test_thousand_threads(void);

const char *test_tls_initial(void);
const char *test_tls_separate(void);
const char *test_tls_alignment(void);

#endif /* UKPORT_TEST_H */

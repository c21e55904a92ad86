/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uk/alloc.h>

#include "test.h"

struct job {
	pthread_t thread;
	test_fn run;
	const char *wrong;
};

static void *do_job(void *arg)
{
	struct job *job = arg;

	job->wrong = job->run();
	return NULL;
}

/* Runs the same in n threads at a time; a thread that fails stands for all */
static const char *in_threads(test_fn run, size_t n)
{
	struct job jobs[THREADS];
	const char *wrong = NULL;
	size_t started;

	for (started = 0; started < n; started++) {
		struct job *job = &jobs[started];

		job->run = run;
		job->wrong = NULL;
		if (pthread_create(&job->thread, NULL, do_job, job)) {
			wrong = "pthread_create() failed";
			break;
		}
	}
	for (size_t i = 0; i < started; i++) {
		pthread_join(jobs[i].thread, NULL);
		if (jobs[i].wrong)
			wrong = jobs[i].wrong;
	}
	return wrong;
}

const char *in_a_thread(test_fn run)
{
	return in_threads(run, 1);
}

const char *in_four_threads(test_fn run)
{
	return in_threads(run, THREADS);
}

const char *test_malloc_threads(void)
{
	return in_four_threads(test_malloc);
}

const char *test_calloc_threads(void)
{
	return in_four_threads(test_calloc);
}

const char *test_realloc_threads(void)
{
	return in_four_threads(test_realloc);
}

const char *test_posix_memalign_threads(void)
{
	return in_four_threads(test_posix_memalign);
}

const char *test_memalign_threads(void)
{
	return in_four_threads(test_memalign);
}

const char *test_churn_threads(void)
{
	return in_four_threads(test_churn);
}

/* ------------------------------------------------------------------------
 * Blocks that change hands
 */
#define HANDED 2000

static void *handed[HANDED];

static size_t handed_size(size_t i)
{
	return i % 100 ? 16 + i : KIB(200);
}

static const char *hand_out(void)
{
	for (size_t i = 0; i < HANDED; i++) {
		handed[i] = malloc(handed_size(i));
		CHECK(handed[i]);
		pattern_fill(handed[i], handed_size(i), i);
	}
	return NULL;
}

static const char *take_in(void)
{
	for (size_t i = 0; i < HANDED; i++) {
		CHECK(pattern_ok(handed[i], handed_size(i), i));
		free(handed[i]);
	}
	return NULL;
}

const char *test_cross_thread_free(void)
{
	/* by a thread while the one that allocated them lives */
	TRY(hand_out());
	TRY(in_a_thread(take_in));
	/* by main when it is gone */
	TRY(in_a_thread(hand_out));
	TRY(take_in());
	/* by a thread when the one that allocated them is gone */
	TRY(in_a_thread(hand_out));
	TRY(in_a_thread(take_in));
	return NULL;
}

#define RING_ROUNDS 500

static void *ring[THREADS];
static int ring_members;

/* Takes what is in the left neighbour's place, puts a new block in its own */
static const char *ring_member(void)
{
	const int me = ring_members++;
	void **mine = &ring[me], **left = &ring[(me + 1) % THREADS];

	for (size_t round = 0; round < RING_ROUNDS; round++) {
		void *block = *left;

		*left = NULL;
		if (block)
			CHECK(pattern_ok(block, 64, 0));
		free(block);
		if (!*mine) {
			*mine = malloc(64 + round * 8);
			CHECK(*mine);
			pattern_fill(*mine, 64, 0);
		}
		sched_yield();
	}
	return NULL;
}

const char *test_ring_of_threads(void)
{
	ring_members = 0;
	TRY(in_four_threads(ring_member));
	for (size_t i = 0; i < THREADS; i++) {
		free(ring[i]);
		ring[i] = NULL;
	}
	return NULL;
}

/* ------------------------------------------------------------------------
 * Threads that come and go
 */
static const char *short_life(void)
{
	void *small = malloc(100), *large = malloc(KIB(100));

	CHECK(small && large);
	memset(small, 1, 100);
	memset(large, 1, KIB(100));
	free(small);
	free(large);
	return NULL;
}

/* Stacks and TLS of threads that ended are freed by the idle thread of core,
 * which runs when nobody else can.
 */
static void let_idle(void)
{
	usleep(1);
}

static const char *short_lives(size_t n, __ssz *most_left)
{
	struct uk_alloc *a = uk_alloc_get_default();

	*most_left = 0;
	for (size_t i = 0; i < n; i++) {
		TRY(in_a_thread(short_life));
		let_idle();
		if (uk_alloc_availmem(a) > *most_left)
			*most_left = uk_alloc_availmem(a);
	}
	return NULL;
}

/*
 * mimalloc takes memory by the segment, so what is left goes up and down with
 * each thread; it is its highest mark that must not sink. The first ten
 * threads fill mimalloc's stocks. Of the others, the later twenty may cost
 * half a megabyte more than the earlier twenty, one of mimalloc's middle-sized
 * pages. A heap that is left behind costs 64 KiB at the least, so these twenty
 * would have lost 1.25 MiB.
 */
#define FIFTY_TOLERANCE ((__ssz)KIB(512))

const char *test_fifty_threads(void)
{
	__ssz stocked, early, late;

	TRY(short_lives(10, &stocked));
	TRY(short_lives(20, &early));
	TRY(short_lives(20, &late));
	CHECK(early - late <= FIFTY_TOLERANCE);
	/* the same from the start, with a segment of the largest size more */
	CHECK(stocked - late <= (__ssz)MIB(32) + FIFTY_TOLERANCE);
	return NULL;
}

#if THOROUGH
/*
 * The same over so many that sixty-four bytes for each would be as much as the
 * smallest page of mimalloc.
 */
const char *test_thousand_threads(void)
{
	__ssz early, late;

	TRY(short_lives(100, &early));
	for (size_t i = 0; i < 100; i++) {
		TRY(short_lives(10, &late));
		CHECK(early - late <= (__ssz)KIB(64));
	}
	return NULL;
}
#endif

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * False sharing, after the benchmarks of the Hoard allocator (Berger et al.,
 * ASPLOS 2000): threads write to small blocks, over and over. An allocator that
 * gives two threads blocks of one cache line makes them wait for each other.
 * In cache-thrash it does so by itself. In cache-scratch the main thread hands
 * each thread a block to begin with, which lies beside those of the others;
 * the thread frees it, and an allocator that then reuses it goes on sharing.
 * The repetitions are divided among the threads.
 */
#include <stdlib.h>

#include "bench.h"

#define MOST_THREADS 24

struct writer {
	void *first; /* from the main thread, or NULL */
	unsigned long iterations, size, repetitions;
};

static const char *write_over_and_over(void *job)
{
	const struct writer *me = job;

	free(me->first);
	for (unsigned long i = 0; i < me->iterations; i++) {
		volatile char *block = malloc(me->size);

		CHECK(block);
		for (unsigned long j = 0; j < me->repetitions; j++)
			for (unsigned long k = 0; k < me->size; k++)
				block[k]++;
		look_at_memory();
		free((void *)block);
		take_turns();
	}
	return NULL;
}

static const char *write_to_lines(const unsigned long *arguments, int hand_over)
{
	const unsigned long threads = arguments[0];
	struct writer writers[MOST_THREADS];

	CHECK(threads <= MOST_THREADS);
	for (unsigned long i = 0; i < threads; i++) {
		writers[i] = (struct writer){
			.iterations = arguments[1],
			.size = arguments[2],
			.repetitions = arguments[3] / threads,
		};
		if (!hand_over)
			continue;
		writers[i].first = opaque_pointer(malloc(arguments[2]));
		CHECK(writers[i].first);
	}
	return in_threads(write_over_and_over, threads, writers,
			  sizeof(writers[0]));
}

const char *cache_scratch(const unsigned long *arguments)
{
	return write_to_lines(arguments, 1);
}

const char *cache_thrash(const unsigned long *arguments)
{
	return write_to_lines(arguments, 0);
}

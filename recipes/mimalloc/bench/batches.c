/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads that do nothing but allocate and free. threadtest is Hoard's (Berger
 * et al., ASPLOS 2000): each thread allocates its share of a number of blocks
 * and frees them all, for so many rounds. linux-scalability is of Lever and
 * Boreham's paper (malloc() Performance in a Multithreaded Linux Environment,
 * USENIX 2000): each thread allocates a block and frees it at once.
 */
#include <stdlib.h>

#include "bench.h"

#define MOST_THREADS 24
#define TURN 1024 /* pairs */

struct batch {
	unsigned long rounds, objects, size;
};

static const char *run_batches(void *job)
{
	const struct batch *me = job;
	void **blocks = malloc(me->objects * sizeof(*blocks));

	CHECK(blocks);
	for (unsigned long round = 0; round < me->rounds; round++) {
		for (unsigned long i = 0; i < me->objects; i++) {
			blocks[i] = malloc(me->size);
			CHECK(blocks[i]);
			touch(blocks[i], me->size);
		}
		look_at_memory();
		take_turns();
		for (unsigned long i = 0; i < me->objects; i++)
			free(blocks[i]);
	}
	free(blocks);
	return NULL;
}

const char *threadtest(const unsigned long *arguments)
{
	const unsigned long threads = arguments[0];
	struct batch batches[MOST_THREADS];

	CHECK(threads <= MOST_THREADS && arguments[2] >= threads);
	for (unsigned long i = 0; i < threads; i++)
		batches[i] = (struct batch){ arguments[1],
					     arguments[2] / threads,
					     arguments[3] };
	return in_threads(run_batches, threads, batches, sizeof(batches[0]));
}

struct series {
	unsigned long pairs, size;
};

static const char *run_pairs(void *job)
{
	const struct series *me = job;

	for (unsigned long i = 1; i <= me->pairs; i++) {
		void *block = opaque_pointer(malloc(me->size));

		CHECK(block);
		touch(block, me->size);
		if (i % TURN == 0) {
			look_at_memory();
			take_turns();
		}
		free(block);
	}
	return NULL;
}

const char *linux_scalability(const unsigned long *arguments)
{
	const unsigned long threads = arguments[0];
	struct series series[MOST_THREADS];

	CHECK(threads <= MOST_THREADS);
	for (unsigned long i = 0; i < threads; i++)
		series[i] = (struct series){ arguments[1], arguments[2] };
	return in_threads(run_pairs, threads, series, sizeof(series[0]));
}

/* One thread, one size, nothing else: what a pair costs */
const char *pairs(const unsigned long *arguments)
{
	struct series series = { arguments[1], arguments[0] };

	return run_pairs(&series);
}

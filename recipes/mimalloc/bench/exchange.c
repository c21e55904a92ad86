/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Blocks of random sizes that live for random times. larson is the server of
 * Larson and Krishnan (Memory Allocation for Long-Running Server Applications,
 * ISMM 1998): a thread exchanges blocks of its array for new ones at random,
 * and then leaves all of it to another thread, as a connection goes from one
 * worker to the next. In phong each thread allocates and frees in places of its
 * own array at random, so that on average half of it is in use. churn is the
 * exchange alone, in one thread.
 */
#include <stdlib.h>

#include "bench.h"

#define MOST_THREADS 24
#define TURN 256 /* operations */

struct client {
	void **blocks;
	unsigned long n, min, max, operations;
	struct random random;
};

static void *allocate(struct client *me)
{
	const size_t size = random_size(&me->random, me->min, me->max);
	void *block = malloc(size);

	if (block)
		touch(block, size);
	return block;
}

static const char *client_fill(struct client *me)
{
	CHECK(me->min <= me->max && me->max < UINT32_MAX && me->n < UINT32_MAX);
	me->blocks = calloc(me->n, sizeof(*me->blocks));
	CHECK(me->blocks);
	for (unsigned long i = 0; i < me->n; i++) {
		me->blocks[i] = allocate(me);
		CHECK(me->blocks[i]);
	}
	return NULL;
}

static void client_empty(struct client *me)
{
	for (unsigned long i = 0; i < me->n; i++)
		free(me->blocks[i]);
	free(me->blocks);
}

static inline void now_and_then(unsigned long operation)
{
	if (operation % TURN == 0) {
		look_at_memory();
		take_turns();
	}
}

static const char *exchange(void *job)
{
	struct client *me = job;

	for (unsigned long i = 0; i < me->operations; i++) {
		void **place = &me->blocks[random_below(&me->random, me->n)];

		free(*place);
		*place = allocate(me);
		CHECK(*place);
		now_and_then(i);
	}
	return NULL;
}

const char *larson(const unsigned long *arguments)
{
	const unsigned long threads = arguments[0], rounds = arguments[4];
	struct client clients[MOST_THREADS];

	CHECK(threads <= MOST_THREADS);
	for (unsigned long i = 0; i < threads; i++) {
		clients[i] = (struct client){
			.n = arguments[1],
			.min = arguments[2],
			.max = arguments[3],
			.operations = arguments[5],
			.random = { arguments[6] + i },
		};
		TRY(client_fill(&clients[i]));
	}
	/* a new thread takes over each array in each round */
	for (unsigned long i = 0; i < rounds; i++)
		TRY(in_threads(exchange, threads, clients, sizeof(clients[0])));
	for (unsigned long i = 0; i < threads; i++)
		client_empty(&clients[i]);
	return NULL;
}

static const char *come_and_go(void *job)
{
	struct client *me = job;

	me->blocks = calloc(me->n, sizeof(*me->blocks));
	CHECK(me->blocks);
	for (unsigned long i = 0; i < me->operations; i++) {
		void **place = &me->blocks[random_below(&me->random, me->n)];

		if (*place) {
			free(*place);
			*place = NULL;
		} else {
			*place = allocate(me);
			CHECK(*place);
		}
		now_and_then(i);
	}
	client_empty(me);
	return NULL;
}

const char *phong(const unsigned long *arguments)
{
	const unsigned long threads = arguments[0];
	struct client clients[MOST_THREADS];

	CHECK(threads <= MOST_THREADS);
	for (unsigned long i = 0; i < threads; i++)
		clients[i] = (struct client){
			.n = arguments[1],
			.min = arguments[2],
			.max = arguments[3],
			.operations = arguments[4],
			.random = { arguments[5] + i },
		};
	return in_threads(come_and_go, threads, clients, sizeof(clients[0]));
}

const char *churn(const unsigned long *arguments)
{
	struct client client = {
		.n = arguments[0],
		.min = arguments[1],
		.max = arguments[2],
		.operations = arguments[3],
		.random = { arguments[4] },
	};

	TRY(client_fill(&client));
	TRY(exchange(&client));
	client_empty(&client);
	return NULL;
}

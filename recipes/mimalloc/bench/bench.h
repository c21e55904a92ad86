/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UKPORT_BENCH_H
#define UKPORT_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "test.h"

#define MOST_ARGUMENTS 8

/* Returns NULL if it ran to its end, else what was wrong */
typedef const char *(*bench_fn)(const unsigned long *arguments);

struct bench {
	const char *name;
	bench_fn run;
	const char *arguments; /* their names, with blanks between them */
};

/* Touch both ends of a block, as a program would that has a use for it */
static inline void touch(void *block, size_t size)
{
	volatile char *bytes = block;

	bytes[0] = 1;
	bytes[size - 1] = 1;
}

/* Marsaglia's xorshift: the same numbers on every allocator */
struct random {
	uint32_t state;
};

static inline uint32_t random_below(struct random *random, uint32_t bound)
{
	random->state ^= random->state << 13;
	random->state ^= random->state >> 17;
	random->state ^= random->state << 5;
	return (uint32_t)(((uint64_t)random->state * bound) >> 32);
}

static inline size_t random_size(struct random *random, size_t min, size_t max)
{
	return min + random_below(random, max - min + 1);
}

/* main.c: notes how much memory is left; call it where much is in use */
void look_at_memory(void);

/* workers.c */
typedef const char *(*worker_fn)(void *job);
/*
 * Runs `run` in n threads, each with its own element of the array `jobs`, and
 * waits for them all. Returns what was wrong in one of them, or NULL.
 */
const char *in_threads(worker_fn run, size_t n, void *jobs, size_t job_size);
/* Lets the others run: threads of Unikraft take turns only where they say so */
void take_turns(void);

const char *cache_scratch(const unsigned long *arguments);
const char *cache_thrash(const unsigned long *arguments);
const char *threadtest(const unsigned long *arguments);
const char *linux_scalability(const unsigned long *arguments);
const char *larson(const unsigned long *arguments);
const char *phong(const unsigned long *arguments);
const char *pairs(const unsigned long *arguments);
const char *churn(const unsigned long *arguments);

#endif /* UKPORT_BENCH_H */

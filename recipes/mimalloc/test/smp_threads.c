/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads of POSIX on two CPUs. A thread runs on the CPU that creates it; who
 * waits for it, or for a lock, may be on the other one.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "smp.h"

static int is_raised(int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void raise_flag(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

/* ------------------------------------------------------------------------
 * One CPU creates a thread, the other one joins it
 */
static struct {
	pthread_t thread;
	int created, joining, ended;
} joined;

static void *end_late(void *arg)
{
	struct timespec nap = { .tv_nsec = 20000000 };

	while (!is_raised(&joined.joining))
		sched_yield();
	/* whoever joins sleeps by then */
	nanosleep(&nap, NULL);
	raise_flag(&joined.ended);
	return arg;
}

static const char *create(void)
{
	joined.joining = joined.ended = 0;
	CHECK(!pthread_create(&joined.thread, NULL, end_late, &joined));
	raise_flag(&joined.created);
	/* Threads of a CPU take turns: this one has none until it has ended */
	while (!is_raised(&joined.ended) || is_raised(&joined.created))
		sched_yield();
	return NULL;
}

static const char *join(void)
{
	void *result = NULL;
	int error;

	while (!is_raised(&joined.created))
		relax();
	raise_flag(&joined.joining);
	error = pthread_join(joined.thread, &result);
	__atomic_store_n(&joined.created, 0, __ATOMIC_RELEASE);
	CHECK(!error && result == &joined);
	return NULL;
}

const char *test_join(void)
{
	TRY(on_both_cpus(join, create));
	return on_both_cpus(create, join);
}

/* ------------------------------------------------------------------------
 * Both wait for each other
 */
#define COUNTED 100000UL

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile unsigned long counter;

static const char *count(void)
{
	for (unsigned long i = 0; i < COUNTED; i++) {
		CHECK(!pthread_mutex_lock(&mutex));
		counter++;
		CHECK(!pthread_mutex_unlock(&mutex));
	}
	return NULL;
}

const char *test_mutex(void)
{
	counter = 0;
	TRY(on_both_cpus(count, count));
	CHECK(counter == 2 * COUNTED);
	return NULL;
}

#define TURNS 10000

static sem_t turns[2];

static const char *serve_first(void)
{
	for (int i = 0; i < TURNS; i++) {
		CHECK(!sem_post(&turns[0]));
		CHECK(!sem_wait(&turns[1]));
	}
	return NULL;
}

static const char *serve_second(void)
{
	for (int i = 0; i < TURNS; i++) {
		CHECK(!sem_wait(&turns[0]));
		CHECK(!sem_post(&turns[1]));
	}
	return NULL;
}

const char *test_semaphores(void)
{
	CHECK(!sem_init(&turns[0], 0, 0) && !sem_init(&turns[1], 0, 0));
	return on_both_cpus(serve_first, serve_second);
}

/* ------------------------------------------------------------------------
 * Many threads, created by both at the same time, which allocate
 */
#define ROUNDS	200
#define AT_ONCE	4

static void *allocate(void *arg)
{
	return (void *)(arg ? test_churn() : NULL);
}

static const char *create_many(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t threads[AT_ONCE];
		const char *wrong = NULL;

		for (int i = 0; i < AT_ONCE; i++)
			CHECK(!pthread_create(&threads[i], NULL, allocate,
					      round % 50 ? NULL : &mutex));
		for (int i = 0; i < AT_ONCE; i++) {
			void *result;

			CHECK(!pthread_join(threads[i], &result));
			wrong = result ? result : wrong;
		}
		TRY(wrong);
	}
	return NULL;
}

const char *test_many_threads(void)
{
	return on_both_cpus(create_many, create_many);
}

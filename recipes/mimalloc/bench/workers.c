/* SPDX-License-Identifier: BSD-3-Clause */
#include <pthread.h>
#include <sched.h>

#include "bench.h"

#define MOST_THREADS 24

struct worker {
	pthread_t thread;
	worker_fn run;
	void *job;
	const char *wrong;
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	worker->wrong = worker->run(worker->job);
	return NULL;
}

const char *in_threads(worker_fn run, size_t n, void *jobs, size_t job_size)
{
	struct worker workers[MOST_THREADS];
	const char *wrong = NULL;
	size_t started;

	CHECK(n <= MOST_THREADS);
	for (started = 0; started < n; started++) {
		struct worker *worker = &workers[started];

		worker->run = run;
		worker->job = (char *)jobs + started * job_size;
		worker->wrong = NULL;
		if (pthread_create(&worker->thread, NULL, work, worker)) {
			wrong = "pthread_create() failed";
			break;
		}
	}
	for (size_t i = 0; i < started; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].wrong)
			wrong = workers[i].wrong;
	}
	return wrong;
}

void take_turns(void)
{
	sched_yield();
}

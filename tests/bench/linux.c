/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the place of cpus.c, smp.c and version.c on Linux: a thread pinned to each
 * of CPUS cores, which do all jobs between them. One does them one after the
 * other, as in the guest.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define MOST_CPUS 8

static struct {
	worker_fn run;
	char *jobs;
	size_t n, size, cpus;
	size_t turn; /* jobs go to another CPU each time */
} work;

struct share {
	pthread_t thread;
	size_t cpu;
	const char *wrong;
};

static void stay_on(size_t cpu)
{
	cpu_set_t here, set;

	if (sched_getaffinity(0, sizeof(here), &here))
		abort();
	CPU_ZERO(&set);
	for (int one = 0; one < CPU_SETSIZE; one++)
		if (CPU_ISSET(one, &here) && !cpu--)
			CPU_SET(one, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set))
		abort();
}

static void *do_share(void *arg)
{
	struct share *share = arg;

	stay_on(share->cpu);
	for (size_t i = (share->cpu + work.turn) % work.cpus; i < work.n;
	     i += work.cpus) {
		const char *also = work.run(work.jobs + i * work.size);

		share->wrong = also ? also : share->wrong;
	}
	return NULL;
}

const char *in_threads(worker_fn run, size_t n, void *jobs, size_t job_size)
{
	const char *cpus = getenv("CPUS"), *wrong = NULL;
	struct share shares[MOST_CPUS] = { 0 };

	work.run = run;
	work.jobs = jobs;
	work.n = n;
	work.size = job_size;
	work.cpus = cpus ? strtoul(cpus, NULL, 10) : 1;
	CHECK(work.cpus > 0 && work.cpus <= MOST_CPUS);
	work.turn++;
	for (size_t i = 0; i < work.cpus; i++) {
		shares[i].cpu = i;
		CHECK(!pthread_create(&shares[i].thread, NULL, do_share,
				      &shares[i]));
	}
	for (size_t i = 0; i < work.cpus; i++) {
		pthread_join(shares[i].thread, NULL);
		wrong = shares[i].wrong ? shares[i].wrong : wrong;
	}
	return wrong;
}

/* Nobody waits for a turn */
void take_turns(void)
{
}

void print_version(void)
{
	printf("ukport: begin linux 1 (1)\n");
}

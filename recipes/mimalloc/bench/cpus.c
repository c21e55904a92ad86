/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In the place of workers.c on several CPUs: a worker per CPU, and no pthreads,
 * which cannot wait for a thread of another CPU. With one CPU, that does all
 * jobs, one after the other.
 */
#include <uk/plat/lcpu.h>

#include "bench.h"
#include "smp.h"

static struct {
	worker_fn run;
	char *jobs;
	size_t n, size;
	size_t turn; /* jobs go to another CPU each time */
} work;

static const char *do_share(void)
{
	const size_t cpus = ukplat_lcpu_count();
	const char *wrong = NULL;

	for (size_t i = (ukplat_lcpu_idx() + work.turn) % cpus; i < work.n;
	     i += cpus) {
		const char *also = work.run(work.jobs + i * work.size);

		wrong = also ? also : wrong;
	}
	return wrong;
}

const char *in_threads(worker_fn run, size_t n, void *jobs, size_t job_size)
{
	work.run = run;
	work.jobs = jobs;
	work.n = n;
	work.size = job_size;
	work.turn++;
	return ukplat_lcpu_count() > 1 ? on_both_cpus(do_share, do_share)
				       : do_share();
}

/* Nobody waits for a turn */
void take_turns(void)
{
}

static const char *wrong;

/* Before main(), which takes the time */
__attribute__((constructor)) static void start(void)
{
	if (ukplat_lcpu_count() > 1)
		wrong = second_cpu_start();
	if (wrong)
		say("CRIT: the second CPU did not start: %s", wrong);
}

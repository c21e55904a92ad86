/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The second CPU: it is started with a scheduler of its own and one thread,
 * which runs what it is handed. Nothing else passes between the two.
 */
#include <stdarg.h>
#include <stdio.h>

#include <uk/arch/spinlock.h>
#include <uk/plat/console.h>
#include <uk/plat/lcpu.h>
#include <uk/plat/time.h>
#include <uk/sched.h>
#include <uk/schedcoop.h>
#include <uk/thread.h>

#include "smp.h"

#define LINE 160
#define START_LIMIT ukarch_time_sec_to_nsec((__nsec)10)

static __spinlock console = UKARCH_SPINLOCK_INITIALIZER();

/* stdio has locks that a CPU cannot wait for while the other one has them */
void say(const char *format, ...)
{
	char line[LINE];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len < 0)
		return;
	if (len > LINE - 2)
		len = LINE - 2;
	line[len++] = '\n';

	ukarch_spin_lock(&console);
	ukplat_coutk(line, len);
	ukarch_spin_unlock(&console);
}

static void say_which(void)
{
	say("ukport: cpu %u runs (id 0x%lx)", (unsigned int)ukplat_lcpu_idx(),
	    (unsigned long)ukplat_lcpu_id());
}

/* ------------------------------------------------------------------------
 * What the second CPU is handed: a test to run, and then its result
 */
static struct {
	int up;
	test_fn job;
	const char *result;
} second;

static void serve(void *arg __attribute__((unused)))
{
	test_fn job;

	say_which();
	__atomic_store_n(&second.up, 1, __ATOMIC_RELEASE);
	for (;;) {
		while (!(job = __atomic_load_n(&second.job, __ATOMIC_ACQUIRE)))
			relax();
		second.result = job();
		__atomic_store_n(&second.job, NULL, __ATOMIC_RELEASE);
	}
}

static void hand_over(test_fn job)
{
	__atomic_store_n(&second.job, job, __ATOMIC_RELEASE);
}

static const char *result(void)
{
	while (__atomic_load_n(&second.job, __ATOMIC_ACQUIRE))
		relax();
	return second.result;
}

const char *on_second_cpu(test_fn run)
{
	hand_over(run);
	return result();
}

const char *on_both_cpus(test_fn first, test_fn other)
{
	const char *wrong, *also;

	hand_over(other);
	wrong = first();
	also = result();
	return wrong ? wrong : also;
}

const char *second_cpu_start(void)
{
	struct uk_sched *here = uk_sched_current(), *there;
	__nsec limit;

	say_which();
	there = uk_schedcoop_create(here->a, here->a_stack, here->a_auxstack,
				    here->a_uktls);
	CHECK(there);
	CHECK(uk_sched_thread_create_fn1(there, serve, NULL, 0, 0, false, false,
					 "second", NULL, NULL));
	CHECK(uk_sched_start_lcpu(there, 1) == 0);

	limit = ukplat_monotonic_clock() + START_LIMIT;
	while (!__atomic_load_n(&second.up, __ATOMIC_ACQUIRE))
		CHECK(ukplat_monotonic_clock() < limit);
	return NULL;
}

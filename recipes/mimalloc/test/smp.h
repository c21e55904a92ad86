/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UKPORT_SMP_H
#define UKPORT_SMP_H

#include "test.h"

/* smp.c: the second CPU, and how to use it */
const char *second_cpu_start(void);
/* Runs `run` there alone, or each of two tests on a CPU of its own at a time */
const char *on_second_cpu(test_fn run);
const char *on_both_cpus(test_fn first, test_fn second);

/* A whole line from either CPU */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline void relax(void)
{
#if defined(__aarch64__)
	__asm__ __volatile__("yield" : : : "memory");
#elif defined(__x86_64__)
	__asm__ __volatile__("pause" : : : "memory");
#endif
}

/* version.c: has the allocator return what it keeps for this CPU */
void allocator_collect(void);

/* smp_stress.c */
const char *test_all_sizes(void);
const char *test_large_blocks(void);
const char *test_nothing_lost(void);
const char *test_statistics(void);

#endif /* UKPORT_SMP_H */

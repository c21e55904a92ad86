/* SPDX-License-Identifier: BSD-3-Clause */
/* Says how much memory the allocator has left, whenever that is less than ever before. */

#include <stdint.h>
#include <stdio.h>
#include <uk/alloc.h>
#include <uk/sched.h>

#define EVERY 100000000ULL /* ns */
#define NOTABLE (64 << 10) /* bytes */

static __noreturn void watch(void *unused)
{
	size_t least = SIZE_MAX;

	(void)unused;
	for (;;) {
		const __ssz left = uk_alloc_availmem(uk_alloc_get_default());

		if (left >= 0 && (least == SIZE_MAX || left + NOTABLE < least)) {
			least = left;
			printf("ukport: measure left %zu B\n", least);
			fflush(stdout);
		}
		uk_sched_thread_sleep(EVERY);
	}
}

__attribute__((constructor)) static void begin(void)
{
	uk_sched_thread_create(uk_sched_current(), watch, NULL, "memory");
}

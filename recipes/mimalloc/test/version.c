/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <uk/config.h>
#include <uk/essentials.h>
#if CONFIG_LIBUKBOOT_INITMIMALLOC
#include <mimalloc.h>
#endif

#include "smp.h"

#if CONFIG_LIBUKBOOT_INITMIMALLOC
void print_version(void)
{
	const int v = mi_version();

	/* one digit each for minor and patch until these had two */
	if (v >= 10000)
		printf("ukport: begin mimalloc %d.%d.%d (%d)\n",
		       v / 10000, v / 100 % 100, v % 100, v);
	else
		printf("ukport: begin mimalloc %d.%d.%d (%d)\n",
		       v / 100, v / 10 % 10, v % 10, v);
}

void allocator_collect(void)
{
	mi_collect(true);
}
#elif CONFIG_LIBUKBOOT_INITBBUDDY
#if CONFIG_LIBUKALLOCBBUDDY_LOCK
#define NAME "bbuddy-locked"
#else
#define NAME "bbuddy"
#endif

/* It has the version of Unikraft, and no number of its own */
void print_version(void)
{
	printf("ukport: begin %s %s (0)\n", NAME, STRINGIFY(UK_FULLVERSION));
}

void allocator_collect(void)
{
}
#else
#error "These tests do not know which allocator they run on"
#endif

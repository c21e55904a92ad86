/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of an allocator on two CPUs at a time, in the form of main.c. Beside
 * the results each CPU says a word of itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <uk/plat/lcpu.h>

#include "smp.h"

static const char *test_count(void)
{
	CHECK(ukplat_lcpu_count() == 2);
	return NULL;
}

static const char *test_identity(void)
{
	CHECK(ukplat_lcpu_idx() == 1);
	return NULL;
}

static const char *test_second(void)
{
	return on_second_cpu(test_identity);
}

/* ------------------------------------------------------------------------
 * Thread-local variables, errno among them
 */
static __thread unsigned long local = 0x1234567812345678UL;
static unsigned long *locals[2];

static const char *test_local(void)
{
	CHECK(local == 0x1234567812345678UL);
	local = 1 + ukplat_lcpu_idx();
	locals[ukplat_lcpu_idx()] = &local;
	errno = EDOM + (int)ukplat_lcpu_idx();
	return NULL;
}

static const char *test_local_kept(void)
{
	CHECK(local == 1 + ukplat_lcpu_idx());
	CHECK(errno == EDOM + (int)ukplat_lcpu_idx());
	return NULL;
}

static const char *test_locals(void)
{
	TRY(on_both_cpus(test_local, test_local));
	CHECK(locals[0] && locals[1] && locals[0] != locals[1]);
	return on_both_cpus(test_local_kept, test_local_kept);
}

/* ------------------------------------------------------------------------
 * One block at a time
 */
static const char *test_first_use(void)
{
	return on_second_cpu(test_malloc);
}

#define BLOCKS 1000

static unsigned char *blocks[BLOCKS];

static const char *allocate_all(void)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		blocks[i] = malloc(i + 1);
		CHECK(blocks[i]);
		pattern_fill(blocks[i], i + 1, i);
	}
	return NULL;
}

static const char *free_all(void)
{
	for (unsigned int i = 0; i < BLOCKS; i++) {
		CHECK(pattern_ok(blocks[i], i + 1, i));
		free(blocks[i]);
	}
	return NULL;
}

static const char *test_here_there(void)
{
	for (int round = 0; round < 10; round++) {
		TRY(allocate_all());
		TRY(on_second_cpu(free_all));
	}
	return NULL;
}

static const char *test_there_here(void)
{
	for (int round = 0; round < 10; round++) {
		TRY(on_second_cpu(allocate_all));
		TRY(free_all());
	}
	return NULL;
}

static const struct test tests[] = {
	{ "there are two CPUs", test_count },
	{ "the second CPU starts with a scheduler", second_cpu_start },
	{ "the second CPU runs what it is handed", test_second },
	{ "thread-local variables are each CPU's own", test_locals },
	{ "malloc on the second CPU", test_first_use },
	{ "allocated on the first, freed on the second", test_here_there },
	{ "allocated on the second, freed on the first", test_there_here },
	{ "large blocks on both CPUs, and what is left of memory",
	  test_large_blocks },
	{ "ten million operations, any size, each other's blocks",
	  test_all_sizes },
	{ "no memory is lost", test_nothing_lost },
#if CONFIG_LIBUKALLOC_IFSTATS
	{ "statistics count every block", test_statistics },
#endif
};

int main(void)
{
	const size_t planned = COUNT(tests);
	size_t passed = 0;

	print_version();
	fflush(stdout);

	for (size_t i = 0; i < planned; i++) {
		const char *wrong = tests[i].run();

		if (wrong) {
			say("not ok %zu - %s: %s", i + 1, tests[i].name, wrong);
			/* Without the second CPU there is nothing to test. As
			 * a crash it is told with where each CPU stands.
			 */
			if (tests[i].run == second_cpu_start) {
				say("CRIT: the second CPU does not come up");
				break;
			}
		} else {
			say("ok %zu - %s", i + 1, tests[i].name);
			passed++;
		}
	}

	say("1..%zu", planned);
	say("ukport: end %zu/%zu", passed, planned);
	return passed == planned ? 0 : 1;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of mimalloc inside of a unikernel. The results go to the console, one
 * test a line, for a program outside to read: a begin line with the version
 * that really runs, the results, how many there should have been, and an end
 * line. A line that is missing tells that the system died.
 */
#include <stdio.h>

#include "test.h"

/* The thread-local variables come first: they must not have been written */
static const struct test tests[] = {
	{ "thread-local arrays start with their values", test_tls_initial },
	{ "thread-local arrays are aligned", test_tls_alignment },
	{ "thread-local arrays are each thread's own", test_tls_separate },
	{ "malloc from main", test_malloc },
	{ "calloc from main", test_calloc },
	{ "realloc from main", test_realloc },
	{ "posix_memalign from main", test_posix_memalign },
	{ "memalign from main", test_memalign },
	{ "malloc from four threads", test_malloc_threads },
	{ "calloc from four threads", test_calloc_threads },
	{ "realloc from four threads", test_realloc_threads },
	{ "posix_memalign from four threads", test_posix_memalign_threads },
	{ "memalign from four threads", test_memalign_threads },
	{ "malloc aligns for any type", test_natural_alignment },
	{ "alignment up to a megabyte", test_large_alignment },
	{ "bad alignment is refused", test_bad_alignment },
	{ "calloc clears small blocks used before", test_calloc_small_reuse },
	{ "calloc clears large blocks used before", test_calloc_large_reuse },
	{ "realloc keeps the contents when growing", test_realloc_growth },
	{ "realloc keeps the contents when shrinking", test_realloc_shrink },
	{ "free and realloc of NULL", test_null },
	{ "sizes of zero", test_zero_size },
	{ "overflow in calloc", test_overflow },
	{ "huge request fails with ENOMEM", test_huge_request },
	{ "uk_alloc addmem", test_addmem },
	{ "uk_alloc availmem", test_availmem },
	{ "uk_alloc maxalloc", test_maxalloc },
	{ "uk_alloc palloc", test_palloc },
	{ "all memory taken and given back", test_exhaustion },
	{ "blocks freed by another thread", test_cross_thread_free },
	{ "four threads free each other's blocks", test_ring_of_threads },
	{ "churn in main", test_churn },
	{ "churn in four threads", test_churn_threads },
	{ "fifty threads leave no memory behind", test_fifty_threads },
#if THOROUGH
	{ "uk_alloc statistics", test_statistics },
	{ "all memory taken and given back in a thread",
	  test_exhaustion_in_a_thread },
	{ "half of the memory comes back each time", test_given_back },
	{ "memory from a region that was added", test_regions },
	{ "a thousand threads leave no memory behind", test_thousand_threads },
#endif
};

int main(void)
{
	const size_t planned = COUNT(tests) + core_cases();
	size_t passed = 0;

	/* what was printed must be out before a later test kills the system */
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_version();

	for (size_t i = 0; i < COUNT(tests); i++) {
		const char *wrong = tests[i].run();

		if (wrong) {
			printf("not ok %zu - %s: %s\n", i + 1, tests[i].name,
			       wrong);
		} else {
			printf("ok %zu - %s\n", i + 1, tests[i].name);
			passed++;
		}
	}

	passed += tell_core_cases(COUNT(tests));

	printf("1..%zu\n", planned);
	printf("ukport: end %zu/%zu\n", passed, planned);
	return passed == planned ? 0 : 1;
}

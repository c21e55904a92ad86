/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Unit tests of core, where the configuration has any: they ran at boot, on
 * this allocator, and their tables say how each assertion ended.
 */
#include <stdio.h>

#include <uk/config.h>

#include "test.h"

#if CONFIG_LIBUKTEST
#include <uk/test.h>

/* The linker's, around all suites; each has its cases behind it */
extern char uk_testtab_start[], uk_testtab_end[];

#define foreach_suite(suite)						\
	for ((suite) = (struct uk_testsuite *)uk_testtab_start;		\
	     (char *)(suite) < uk_testtab_end;				\
	     (suite) = (struct uk_testsuite *)(suite)->cases_end)

/* An assertion in a branch that was not taken has no status */
static int has_passed(struct uk_testcase *one)
{
	struct uk_assert *assertion;
	size_t good = 0, bad = 0;

	uk_test_assert_foreach(one, assertion) {
		good += assertion->status == UK_TEST_ASSERT_SUCCESS;
		bad += assertion->status == UK_TEST_ASSERT_FAIL;
	}
	return good && !bad;
}

size_t core_cases(void)
{
	struct uk_testsuite *suite;
	struct uk_testcase *one;
	size_t n = 0;

	foreach_suite(suite)
		uk_testsuite_case_foreach(suite, one)
			n++;
	return n;
}

size_t tell_core_cases(size_t number)
{
	struct uk_testsuite *suite;
	struct uk_testcase *one;
	size_t passed = 0;

	foreach_suite(suite) {
		uk_testsuite_case_foreach(suite, one) {
			const int ok = has_passed(one);

			printf("%sok %zu - core's %s: %s\n", ok ? "" : "not ",
			       ++number, suite->name, one->name);
			passed += ok;
		}
	}
	return passed;
}

#else
size_t core_cases(void)
{
	return 0;
}

size_t tell_core_cases(size_t number __attribute__((unused)))
{
	return 0;
}
#endif

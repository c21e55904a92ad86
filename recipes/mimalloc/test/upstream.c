/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mimalloc's own tests, as the application of the unikernel: each file's main()
 * has a name of its own, and each check in it is a test here. In all versions
 * a check says with fprintf() that it begins, with its name, and then whether
 * it is ok or has failed.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "test.h"

int upstream_test_api(void);
int upstream_test_api_fill(void);
int upstream_test_stress(int argc, char **argv);

static size_t told, passed;
static char current[128];
static const char *file;

static void tell(int ok, const char *name)
{
	printf("%sok %zu - %s: %s\n", ok ? "" : "not ", ++told, file, name);
	passed += !!ok;
}

int upstream_says(FILE *stream __attribute__((unused)), const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!strncmp(format, "test: %s", 8))
		snprintf(current, sizeof(current), "%s", va_arg(args, char *));
	else if (!strncmp(format, "ok.", 3))
		tell(1, current);
	else if (strstr(format, "FAILED"))
		tell(0, current);
	va_end(args);
	return 0;
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	print_version();
#if UPSTREAM_TEST_API
	file = "test-api";
	upstream_test_api();
#endif
#if UPSTREAM_TEST_API_FILL
	file = "test-api-fill";
	upstream_test_api_fill();
#endif
#if UPSTREAM_TEST_STRESS
	{
		/* threads, scale, rounds: what a small guest has room for */
		char *args[] = { "test-stress", "4", "20", "5", NULL };

		file = "test-stress";
		tell(!upstream_test_stress(4, args), "4 20 5");
	}
#endif
	printf("1..%zu\n", told);
	printf("ukport: end %zu/%zu\n", passed, told);
	return passed == told ? 0 : 1;
}

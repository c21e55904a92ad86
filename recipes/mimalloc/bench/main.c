/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One benchmark a boot: the command line is its name and its numbers. Two
 * lines on the console mark its beginning and its end, by which its time is
 * taken from outside; two more tell the processor's ticks, and the least
 * memory that was left.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uk/alloc.h>

#include "bench.h"

static const struct bench benches[] = {
	{ "cache-scratch", cache_scratch, "threads iterations size repetitions" },
	{ "cache-thrash", cache_thrash, "threads iterations size repetitions" },
	{ "threadtest", threadtest, "threads rounds objects size" },
	{ "linux-scalability", linux_scalability, "threads pairs size" },
	{ "larson", larson, "threads blocks min max rounds exchanges seed" },
	{ "phong", phong, "threads slots min max operations seed" },
	{ "pairs", pairs, "size pairs" },
	{ "churn", churn, "slots min max operations seed" },
};

static size_t least_left = SIZE_MAX;

void look_at_memory(void)
{
	const __ssz left = uk_alloc_availmem(uk_alloc_get_default());

	if (left >= 0 && (size_t)left < least_left)
		least_left = left;
}

/*
 * Not clock_gettime(): core takes a clock of a GHz or less, which is what an
 * emulator that counts instructions has, for one without end.
 */
static inline unsigned long long ticks(void)
{
#if defined(__x86_64__)
	return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
	unsigned long long value;

	__asm__ __volatile__("isb; mrs %0, cntvct_el0" : "=r"(value));
	return value;
#endif
}

/* How many of them are a second; 0 where the processor does not say */
static inline unsigned long long rate(void)
{
	unsigned long long value = 0;

#if defined(__aarch64__)
	__asm__ __volatile__("mrs %0, cntfrq_el0" : "=r"(value));
#endif
	return value;
}

static const struct bench *find(const char *name)
{
	for (size_t i = 0; i < COUNT(benches); i++)
		if (!strcmp(benches[i].name, name))
			return &benches[i];
	return NULL;
}

static size_t words(const char *text)
{
	size_t n = !!*text;

	for (; *text; text++)
		n += *text == ' ';
	return n;
}

/* Numbers from 1 on: none of the arguments means anything at zero */
static int is_number(const char *text, unsigned long *number)
{
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *number;
}

static const char *measure(const struct bench *bench, int argc, char **argv)
{
	unsigned long arguments[MOST_ARGUMENTS];
	unsigned long long begin, end;

	if (argc < 0 || (size_t)argc != words(bench->arguments))
		return bench->arguments;
	for (int i = 0; i < argc; i++)
		if (!is_number(argv[i], &arguments[i]))
			return bench->arguments;

	look_at_memory();
	printf("ukport: measure from\n");
	begin = ticks();
	TRY(bench->run(arguments));
	end = ticks();
	printf("ukport: measure to\n");
	printf("ukport: measure count %llu ticks\n", end - begin);
	if (rate())
		printf("ukport: measure rate %llu Hz\n", rate());
	if (least_left != SIZE_MAX)
		printf("ukport: measure left %zu B\n", least_left);
	return NULL;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "nothing";
	const struct bench *bench = find(name);
	const char *wrong;

	setvbuf(stdout, NULL, _IOLBF, 0);
	print_version();
	wrong = bench ? measure(bench, argc - 2, argv + 2)
		      : "there is no such benchmark";
	if (wrong)
		printf("not ok 1 - %s: %s\n", name, wrong);
	else
		printf("ok 1 - %s\n", name);
	printf("1..1\n");
	printf("ukport: end %d/1\n", !wrong);
	return !!wrong;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* musl under Unikraft: what its users call first, each with the values that it must give. */

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <regex.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#define THREADS 8
#define TURNS 1000

static int formats(void)
{
	char text[128];

	snprintf(text, sizeof(text), "%d|%5.2f|%-4s|%#x|%zu|%" PRId64 "|%a", -7, 3.14159, "ab", 255,
		 (size_t)12, INT64_MIN, 1.5);
	return !strcmp(text, "-7| 3.14|ab  |0xff|12|-9223372036854775808|0x1.8p+0");
}

static int numbers(void)
{
	int a, b;
	char *end;

	errno = 0;
	return strtol("0x1fz", &end, 16) == 31 && *end == 'z'
	       && strtoul("99999999999999999999", NULL, 10) == ULONG_MAX && errno == ERANGE
	       && strtod("1e-3", NULL) == 0.001 && sscanf("12 0x10", "%d %i", &a, &b) == 2
	       && a == 12 && b == 16;
}

static int files(void)
{
	static const char words[] = "one\ntwo\nthree\n";
	char line[16];
	struct stat there;
	int good = 0;
	FILE *file = fopen("/words", "w+");

	if (!file)
		return 0;
	good = fputs(words, file) >= 0 && !fflush(file) && !fseek(file, 4, SEEK_SET)
	       && fgets(line, sizeof(line), file) && !strcmp(line, "two\n") && ftell(file) == 8;
	good = !fclose(file) && good && !stat("/words", &there)
	       && there.st_size == sizeof(words) - 1;
	return !unlink("/words") && good && !fopen("/words", "r") && errno == ENOENT;
}

static int strings(void)
{
	char text[32] = "a,b;c", *rest, *first = strtok_r(text, ",;", &rest);

	return !strcmp(first, "a") && !strcmp(strtok_r(NULL, ",;", &rest), "b")
	       && !strcmp(strstr("haystack", "st"), "stack") && memcmp("a\0b", "a\0c", 3) < 0
	       && strnlen("abc", 2) == 2 && !strcasecmp("MuSl", "mUsL");
}

static int by_value(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

static int sorting(void)
{
	int values[1000], key = 500;

	for (int i = 0; i < 1000; i++)
		values[i] = i * 7919 % 1000;
	qsort(values, 1000, sizeof(*values), by_value);
	for (int i = 0; i < 1000; i++)
		if (values[i] != i)
			return 0;
	return bsearch(&key, values, 1000, sizeof(*values), by_value) == values + 500;
}

static int memory(void)
{
	unsigned char *block = calloc(1000, 1), *aligned = NULL;
	int good = block && !block[999];

	memset(block, 0x5a, 1000);
	block = realloc(block, 100000);
	good = good && block && block[999] == 0x5a && !posix_memalign((void **)&aligned, 4096, 10);
	good = good && (uintptr_t)aligned % 4096 == 0;
	free(aligned);
	free(block);
	return good;
}

static jmp_buf place;

static int jumps(void)
{
	volatile int turns = 0;

	if (setjmp(place) < 3)
		longjmp(place, ++turns);
	return turns == 3;
}

static int times(void)
{
	const time_t day = 1700000000;
	struct tm parts;
	char text[32];
	struct timespec before, after, nap = { .tv_nsec = 20000000 };

	gmtime_r(&day, &parts);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
	clock_gettime(CLOCK_MONOTONIC, &before);
	nanosleep(&nap, NULL);
	clock_gettime(CLOCK_MONOTONIC, &after);
	return !strcmp(text, "2023-11-14 22:13:20") && timegm(&parts) == day
	       && (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec
			  >= 20000000;
}

static int patterns(void)
{
	regex_t compiled;
	regmatch_t found[2];
	int good = !regcomp(&compiled, "v([0-9]+)\\.", REG_EXTENDED)
		   && !regexec(&compiled, "musl v12.3", 2, found, 0) && found[1].rm_so == 6
		   && found[1].rm_eo == 8;

	regfree(&compiled);
	return good;
}

static int mathematics(void)
{
	return fabs(sin(1.0) - 0.8414709848078965) < 1e-15 && pow(2, 0.5) == sqrt(2)
	       && fmod(-7, 3) == -1 && isnan(NAN) && lround(2.5) == 3;
}

static int wide(void)
{
	wchar_t text[8];
	char back[16];

	if (!setlocale(LC_CTYPE, "C.UTF-8") || mbstowcs(text, "gr\xc3\xbc\xc3\x9f", 8) != 4)
		return 0;
	return text[2] == 0xfc && wcstombs(back, text, sizeof(back)) == 6;
}

static _Thread_local int mine = 41;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int counted, ready;
static atomic_int begun;

static void *count(void *data)
{
	mine += (int)(intptr_t)data;
	atomic_fetch_add(&begun, 1);
	pthread_mutex_lock(&lock);
	while (!ready)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < TURNS; i++) {
		pthread_mutex_lock(&lock);
		counted++;
		pthread_mutex_unlock(&lock);
	}
	errno = mine;
	sched_yield();
	return (void *)(intptr_t)(errno == mine ? mine : -1);
}

static int threads(void)
{
	pthread_t all[THREADS];
	void *told;
	int good = 1;

	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&all[i], NULL, count, (void *)(i + 1)))
			return 0;
	pthread_mutex_lock(&lock);
	ready = 1;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < THREADS; i++)
		good = !pthread_join(all[i], &told) && (intptr_t)told == 42 + i && good;
	return good && mine == 41 && counted == THREADS * TURNS && begun == THREADS;
}

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int gone, made;

static void leave(void *data)
{
	atomic_fetch_add(&gone, (int)(intptr_t)data);
}

static void make(void)
{
	pthread_key_create(&key, leave);
	atomic_fetch_add(&made, 1);
}

static void *keep(void *data)
{
	pthread_once(&once, make);
	pthread_setspecific(key, data);
	return pthread_getspecific(key);
}

static int specifics(void)
{
	pthread_t all[THREADS];
	void *told;
	int good = 1;

	for (intptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&all[i], NULL, keep, (void *)(i + 1)))
			return 0;
	for (intptr_t i = 0; i < THREADS; i++)
		good = !pthread_join(all[i], &told) && (intptr_t)told == i + 1 && good;
	return good && made == 1 && gone == THREADS * (THREADS + 1) / 2;
}

static const struct {
	const char *name;
	int (*run)(void);
} tests[] = {
	{ "formats", formats },
	{ "numbers from text", numbers },
	{ "files", files },
	{ "strings", strings },
	{ "sorting and searching", sorting },
	{ "memory", memory },
	{ "jumps", jumps },
	{ "time", times },
	{ "regular expressions", patterns },
	{ "mathematics", mathematics },
	{ "wide characters", wide },
	{ "threads, with variables of their own", threads },
	{ "keys of threads, and what they leave", specifics },
};

int main(void)
{
	const int all = sizeof(tests) / sizeof(*tests);
	int passed = 0;

	printf("ukport: begin musl 1.2.3 (%d)\n", EM_NUM);
	for (int i = 0; i < all; i++) {
		const int good = tests[i].run();

		passed += good;
		printf("%sok %d - %s\n", good ? "" : "not ", i + 1, tests[i].name);
	}
	printf("1..%d\nukport: end %d/%d\n", all, passed, all);
	return passed != all;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of the example, as the heap of a kernel. The results go to the
 * console, one test a line, between a begin line with the version that really
 * runs and an end line.
 */
#include <stdint.h>
#include <bare/alloc.h>
#include <bare/console.h>
#include <example.h>

#define MIB ((size_t)1 << 20)

#define CHECK(condition)						\
	do {								\
		if (!(condition))					\
			return #condition;				\
	} while (0)

static const char *test_memory(void)
{
	CHECK(bare_available() > 16 * MIB);
	return NULL;
}

static const char *test_apart(void)
{
	unsigned char *blocks[64];

	for (size_t i = 0; i < 64; i++) {
		blocks[i] = bare_malloc(i * 7 + 1);
		CHECK(blocks[i]);
		for (size_t j = 0; j < i * 7 + 1; j++)
			blocks[i][j] = i;
	}
	for (size_t i = 0; i < 64; i++) {
		for (size_t j = 0; j < i * 7 + 1; j++)
			CHECK(blocks[i][j] == i);
		bare_free(blocks[i]);
	}
	return NULL;
}

static const char *test_alignment(void)
{
	void *small[16];

	for (size_t i = 0; i < 16; i++) {
		small[i] = bare_malloc(i + 1);
		CHECK((uintptr_t)small[i] % 16 == 0);
	}
	for (size_t i = 0; i < 16; i++)
		bare_free(small[i]);
	return NULL;
}

static const char *test_calloc(void)
{
	unsigned char *dirty = bare_malloc(1000);

	CHECK(dirty);
	for (size_t i = 0; i < 1000; i++)
		dirty[i] = 0xa5;
	bare_free(dirty);

	unsigned char *clean = bare_calloc(10, 100);

	CHECK(clean == dirty);
	for (size_t i = 0; i < 1000; i++)
		CHECK(clean[i] == 0);
	bare_free(clean);
	return NULL;
}

static const char *test_impossible(void)
{
	CHECK(!bare_malloc(SIZE_MAX - 8));
	CHECK(!bare_malloc(SIZE_MAX));
	CHECK(!bare_calloc(SIZE_MAX / 2, 3));
	return NULL;
}

static const char *test_exhaustion(void)
{
	const size_t before = bare_available();
	void *list = NULL;
	void **block;

	while ((block = bare_malloc(MIB))) {
		*block = list;
		list = block;
	}
	CHECK(bare_available() < 2 * MIB);
	while (list) {
		block = list;
		list = *block;
		bare_free(block);
	}
	CHECK(bare_available() == before);
	return NULL;
}

static const char *test_joined(void)
{
	void *blocks[3], *whole;

	for (int i = 0; i < 3; i++)
		blocks[i] = bare_malloc(MIB);
	bare_free(blocks[0]);
	bare_free(blocks[2]);
	bare_free(blocks[1]);
	whole = bare_malloc(bare_available() - 64);
	CHECK(whole);
	bare_free(whole);
	return NULL;
}

static const struct test {
	const char *name;
	const char *(*run)(void);
} tests[] = {
	{ "the heap is all of the platform's memory", test_memory },
	{ "blocks lie apart", test_apart },
	{ "blocks are aligned for vector registers", test_alignment },
	{ "calloc clears memory used before", test_calloc },
	{ "sizes that cannot be are refused", test_impossible },
	{ "all memory taken and given back", test_exhaustion },
	{ "freed neighbours are one block again", test_joined },
};

int main(void)
{
	const unsigned int planned = sizeof(tests) / sizeof(tests[0]);
	const int version = ex_version();
	unsigned int passed = 0;

	bare_print("ukport: begin example ");
	bare_print_number(version / 100);
	bare_print(".");
	bare_print_number(version / 10 % 10);
	bare_print(".");
	bare_print_number(version % 10);
	bare_print(" (");
	bare_print_number(version);
	bare_print(")\n");
	for (unsigned int i = 0; i < planned; i++) {
		const char *wrong = tests[i].run();

		bare_print(wrong ? "not ok " : "ok ");
		bare_print_number(i + 1);
		bare_print(" - ");
		bare_print(tests[i].name);
		if (wrong) {
			bare_print(": ");
			bare_print(wrong);
		} else {
			passed++;
		}
		bare_print("\n");
	}
	bare_print("1..");
	bare_print_number(planned);
	bare_print("\nukport: end ");
	bare_print_number(passed);
	bare_print("/");
	bare_print_number(planned);
	bare_print("\n");
	return passed == planned ? 0 : 1;
}

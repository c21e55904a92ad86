/* SPDX-License-Identifier: BSD-3-Clause */
#include "test.h"

static inline unsigned char pattern_at(size_t offset, unsigned int seed)
{
	return (unsigned char)(seed * 31 + offset + (offset >> 8) * 7);
}

void pattern_fill(void *block, size_t size, unsigned int seed)
{
	unsigned char *bytes = block;

	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern_at(i, seed);
}

int pattern_ok(const void *block, size_t size, unsigned int seed)
{
	const unsigned char *bytes = block;

	for (size_t i = 0; i < size; i++)
		if (bytes[i] != pattern_at(i, seed))
			return 0;
	return 1;
}

int is_zero(const void *block, size_t size)
{
	const unsigned char *bytes = block;

	for (size_t i = 0; i < size; i++)
		if (bytes[i])
			return 0;
	return 1;
}

/* xorshift: the same numbers in every run, so that a failure comes again */
unsigned int random_next(unsigned int *state)
{
	unsigned int x = *state;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return *state = x;
}

/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <string.h>

#include "test.h"

/* By the word: under emulation each byte of a hundred megabytes would take
 * as long. Of a word that is not whole the first bytes count.
 */
static inline uint64_t pattern_at(size_t word, unsigned int seed)
{
	return (seed * 31ul + word) * 0x9e3779b97f4a7c15ul;
}

void pattern_fill(void *block, size_t size, unsigned int seed)
{
	const size_t words = size / sizeof(uint64_t);
	const uint64_t last = pattern_at(words, seed);
	char *bytes = block;

	for (size_t i = 0; i < words; i++) {
		const uint64_t word = pattern_at(i, seed);

		memcpy(bytes + i * sizeof(word), &word, sizeof(word));
	}
	memcpy(bytes + words * sizeof(last), &last, size % sizeof(last));
}

int pattern_ok(const void *block, size_t size, unsigned int seed)
{
	const size_t words = size / sizeof(uint64_t);
	const uint64_t last = pattern_at(words, seed);
	const char *bytes = block;

	for (size_t i = 0; i < words; i++) {
		uint64_t word;

		memcpy(&word, bytes + i * sizeof(word), sizeof(word));
		if (word != pattern_at(i, seed))
			return 0;
	}
	return !memcmp(bytes + words * sizeof(last), &last,
		       size % sizeof(last));
}

int is_zero(const void *block, size_t size)
{
	const size_t words = size / sizeof(uint64_t);
	const uint64_t last = 0;
	const char *bytes = block;

	for (size_t i = 0; i < words; i++) {
		uint64_t word;

		memcpy(&word, bytes + i * sizeof(word), sizeof(word));
		if (word)
			return 0;
	}
	return !memcmp(bytes + words * sizeof(last), &last,
		       size % sizeof(last));
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

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Thread-local variables. mimalloc's heaps are found through one, and where it
 * is depends on the sizes and alignments of all others. Arrays of 16 bytes and
 * more are aligned to 16 if they are not static. With a size of all variables
 * that is not a multiple of it, a system that does not round it up as the
 * linker does puts all of them off their places (Unikraft's issue 1478).
 */
#include <sched.h>
#include <string.h>

#include "test.h"

#define TEXT24 "twenty-four bytes ...."
#define TEXT64 "sixty-four bytes of text, in the initialized part of the block"

_Thread_local char tls_text24[24] = TEXT24;
_Thread_local char tls_text64[64] = TEXT64;
_Thread_local int tls_number = 1478;
_Thread_local char tls_zero24[24];
_Thread_local char tls_zero32[32];
_Thread_local char tls_zero64[64];
_Thread_local _Alignas(64) char tls_line[72];

static const char *tls_initial(void)
{
	CHECK(!memcmp(tls_text24, TEXT24, sizeof(TEXT24)));
	CHECK(!memcmp(tls_text64, TEXT64, sizeof(TEXT64)));
	CHECK(tls_number == 1478);
	CHECK(is_zero(tls_zero24, sizeof(tls_zero24)));
	CHECK(is_zero(tls_zero32, sizeof(tls_zero32)));
	CHECK(is_zero(tls_zero64, sizeof(tls_zero64)));
	CHECK(is_zero(tls_line, sizeof(tls_line)));
	return NULL;
}

const char *test_tls_initial(void)
{
	TRY(tls_initial());
	return in_four_threads(tls_initial);
}

static const char *tls_alignment(void)
{
	/* the compiler reckons with it: hide where the address is from */
	CHECK(is_aligned(opaque_pointer(tls_text64), 16));
	CHECK(is_aligned(opaque_pointer(tls_zero32), 16));
	CHECK(is_aligned(opaque_pointer(tls_zero64), 16));
	CHECK(is_aligned(opaque_pointer(tls_line), 64));
	return NULL;
}

const char *test_tls_alignment(void)
{
	TRY(tls_alignment());
	return in_four_threads(tls_alignment);
}

static int members;

static const char *tls_separate(void)
{
	const unsigned int me = ++members;

	for (unsigned int round = 0; round < 10; round++) {
		const unsigned int seed = me * 16 + round;

		pattern_fill(tls_text24, sizeof(tls_text24), seed);
		pattern_fill(tls_zero32, sizeof(tls_zero32), seed + 1);
		pattern_fill(tls_zero64, sizeof(tls_zero64), seed + 2);
		pattern_fill(tls_line, sizeof(tls_line), seed + 3);
		sched_yield();
		CHECK(pattern_ok(tls_text24, sizeof(tls_text24), seed));
		CHECK(pattern_ok(tls_zero32, sizeof(tls_zero32), seed + 1));
		CHECK(pattern_ok(tls_zero64, sizeof(tls_zero64), seed + 2));
		CHECK(pattern_ok(tls_line, sizeof(tls_line), seed + 3));
		CHECK(tls_number == 1478);
	}
	return NULL;
}

const char *test_tls_separate(void)
{
	members = 0;
	TRY(in_four_threads(tls_separate));
	/* main's own are what they were */
	return tls_initial();
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* What the compiler calls of its own accord. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
	void *begin = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return begin;
}

void *memset(void *to, int value, size_t size)
{
	void *begin = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
	return begin;
}

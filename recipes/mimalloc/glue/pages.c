/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdint.h>
#include <uk/arch/limits.h>
#include <uk/arch/spinlock.h>
#include <uk/assert.h>
#include <uk/essentials.h>

#include "pages.h"

/*
 * The free runs are a list in the order of their addresses, so that a run
 * which comes back is merged with its neighbours, and each keeps its header
 * in its own first page. mimalloc takes memory in large pieces and holds on
 * to them, so the list stays short and is searched from its start.
 */
struct run {
	struct run *next;
	size_t len;
};

static struct run *runs;
static uintptr_t highest; /* end of the highest memory of all */
static unsigned int promised_bits;
static size_t total;
static size_t available;
static __spinlock lock = UKARCH_SPINLOCK_INITIALIZER();

static inline uintptr_t run_end(const struct run *run)
{
	return (uintptr_t)run + run->len;
}

/* Takes [start, start + len) out of the run at `link`, keeps what is around */
static void *run_carve(struct run **link, uintptr_t start, size_t len)
{
	struct run *run = *link;
	struct run *rest = run->next;
	const uintptr_t end = run_end(run);

	UK_ASSERT(start >= (uintptr_t)run && start + len <= end);

	if (start + len < end) {
		struct run *tail = (struct run *)(start + len);

		tail->len = end - (start + len);
		tail->next = rest;
		rest = tail;
	}
	if (start > (uintptr_t)run) {
		run->len = start - (uintptr_t)run;
		run->next = rest;
	} else {
		*link = rest;
	}
	available -= len;
	return (void *)start;
}

static void *take_lowest(size_t len, size_t align)
{
	struct run **link;

	for (link = &runs; *link; link = &(*link)->next) {
		const uintptr_t start = ALIGN_UP((uintptr_t)*link, align);

		if (start <= run_end(*link) && run_end(*link) - start >= len)
			return run_carve(link, start, len);
	}
	return NULL;
}

static void *take_highest(size_t len)
{
	struct run **link, **found = NULL;

	for (link = &runs; *link; link = &(*link)->next)
		if ((*link)->len >= len)
			found = link;

	return found ? run_carve(found, run_end(*found) - len, len) : NULL;
}

static void put(uintptr_t start, size_t len)
{
	struct run *prev = NULL, *next = runs, *run = (struct run *)start;

	while (next && (uintptr_t)next < start) {
		prev = next;
		next = next->next;
	}
	/* overlaps a free run: freed twice, or never ours */
	UK_ASSERT(!prev || run_end(prev) <= start);
	UK_ASSERT(!next || start + len <= (uintptr_t)next);

	run->len = len;
	run->next = next;
	if (next && run_end(run) == (uintptr_t)next) {
		run->len += next->len;
		run->next = next->next;
	}
	if (prev && run_end(prev) == start) {
		prev->len += run->len;
		prev->next = run->next;
	} else if (prev) {
		prev->next = run;
	} else {
		runs = run;
	}
	available += len;
}

int pages_add(void *base, size_t len)
{
	const uintptr_t start = ALIGN_UP((uintptr_t)base, __PAGE_SIZE);
	const uintptr_t end = ALIGN_DOWN((uintptr_t)base + len, __PAGE_SIZE);

	if (start >= end)
		return 0;
	if (promised_bits && (end - 1) >> promised_bits)
		return -1;

	ukarch_spin_lock(&lock);
	put(start, end - start);
	total += end - start;
	highest = MAX(highest, end - 1);
	ukarch_spin_unlock(&lock);
	return 0;
}

unsigned int pages_address_bits(void)
{
	/* The heap of Unikraft starts at 16 GiB if it is virtual, and more may
	 * be added; a terabyte costs a map of 16 KiB.
	 */
	if (!promised_bits)
		for (promised_bits = 40; highest >> promised_bits;)
			promised_bits++;
	return promised_bits;
}

void *pages_alloc(size_t len, size_t align)
{
	const size_t size = ALIGN_UP(len, __PAGE_SIZE);
	void *addr;

	if (!size || size < len)
		return NULL;

	/*
	 * Runs without an alignment are mostly small and come from the top,
	 * for mimalloc asks for segments aligned to their size, of up to
	 * 32 MiB: one page in the middle of such a block makes it useless.
	 */
	ukarch_spin_lock(&lock);
	if (align > __PAGE_SIZE)
		addr = take_lowest(size, align);
	else
		addr = take_highest(size);
	ukarch_spin_unlock(&lock);
	return addr;
}

void pages_free(void *addr, size_t len)
{
	UK_ASSERT(IS_ALIGNED((uintptr_t)addr, __PAGE_SIZE));

	if (!len)
		return;

	ukarch_spin_lock(&lock);
	put((uintptr_t)addr, ALIGN_UP(len, __PAGE_SIZE));
	ukarch_spin_unlock(&lock);
}

size_t pages_total(void)
{
	return total;
}

size_t pages_available(void)
{
	return available;
}

size_t pages_largest(size_t align)
{
	const struct run *run;
	size_t largest = 0;

	ukarch_spin_lock(&lock);
	for (run = runs; run; run = run->next) {
		const uintptr_t start = ALIGN_UP((uintptr_t)run, align);

		if (start < run_end(run))
			largest = MAX(largest, run_end(run) - start);
	}
	ukarch_spin_unlock(&lock);
	return largest;
}

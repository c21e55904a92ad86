/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mimalloc as an allocator of Unikraft.
 *
 * mimalloc keeps its heaps in thread-local variables, but core needs memory
 * before there are any: the block for the boot thread's thread-local storage
 * is itself allocated. A bump allocator serves these first requests. The
 * first one that finds a thread pointer switches the function table to
 * mimalloc; up to then only the CPU that boots is running. Pointers of the early
 * allocator stay valid for ever; they are known by their address, and freeing
 * them does nothing.
 */
#include <errno.h>
#include <string.h>
#include <stdint.h>

#include <mimalloc.h>
#if MI_HAVE_PRIM
#include <mimalloc/types.h>
#else
#include <mimalloc-types.h>
#endif

#include <uk/alloc_impl.h>
#include <uk/arch/limits.h>
#include <uk/arch/spinlock.h>
#include <uk/arch/tls.h>
#include <uk/essentials.h>
#include <uk/plat/tls.h>
#include <uk/print.h>
#include <uk/mimalloc.h>
#if CONFIG_LIBUKSCHED
#include <uk/thread.h>
#endif

#include "pages.h"

/* Besides the thread-local storage: allocator objects, a page of pthread keys,
 * and with UKVMEM the first address space and its areas.
 */
#define EARLY_EXTRA	(6 * __PAGE_SIZE)
#define EARLY_ALIGN	16

/* A huge block starts at the alignment of a segment, behind its header. Its
 * size is rounded up, and then again together with the header, each time by
 * an eighth at most, and not by more than this.
 */
#ifdef MI_SEGMENT_SIZE
#define HUGE_ALIGN	((size_t)MI_SEGMENT_SIZE)
#else
#define HUGE_ALIGN	((size_t)64 << 10)
#endif
#define HUGE_HEADER	((size_t)128 << 10)
#define HUGE_ROUNDING	((size_t)4 << 20)

/* To mimalloc an arena is address space, to be filled later. Here it is
 * memory, and taken for good. Segments can do without arenas. Since 3.0 there
 * are no segments, and pages are found again in arenas only: have these as
 * small as they can be, 32 MiB (in KiB; mimalloc takes a quarter of what we
 * say).
 */
#ifdef MI_SEGMENT_SIZE
#define ARENAS		0
#define ARENA_RESERVE	0
#else
#define ARENAS		1
#define ARENA_RESERVE	(4 * 32 * 1024)
#endif
#ifdef MI_PORT_ARENA_MIB
#undef ARENA_RESERVE
#define ARENA_RESERVE	(4L * MI_PORT_ARENA_MIB * 1024)
#endif

static struct uk_alloc mimalloc;

/* ------------------------------------------------------------------------
 * Early boot
 */
static struct {
	uintptr_t start, next, end;
} early;

/* Stands right before each early block: realloc() has to know the size */
struct early_header {
	size_t size;
} __align(EARLY_ALIGN);

static inline int is_early(const void *ptr)
{
	return (uintptr_t)ptr - early.start < early.end - early.start;
}

static void *early_take(size_t align, size_t size)
{
	uintptr_t addr;

	align = MAX(align, (size_t)EARLY_ALIGN);
	addr = ALIGN_UP(early.next + sizeof(struct early_header), align);
	if (addr > early.end || size > early.end - addr) {
		uk_pr_crit("mimalloc: no early memory for %zu bytes\n", size);
		return NULL;
	}
	early.next = addr + size;
	((struct early_header *)addr)[-1].size = size;
	/* calloc() comes here too, and what a loader left is not zero */
	return memset((void *)addr, 0, size);
}

static void switch_to_mimalloc(struct uk_alloc *a);

/* Whether the table was switched, so that the call is to be made again */
static inline int is_switched(struct uk_alloc *a)
{
	if (!ukplat_tlsp_get())
		return 0;
	switch_to_mimalloc(a);
	return 1;
}

static void *early_malloc(struct uk_alloc *a, size_t size)
{
	return is_switched(a) ? uk_malloc(a, size) : early_take(0, size);
}

static void *early_calloc(struct uk_alloc *a, size_t n, size_t size)
{
	size_t bytes;

	if (is_switched(a))
		return uk_calloc(a, n, size);
	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return early_take(0, bytes);
}

static void *early_memalign(struct uk_alloc *a, size_t align, size_t size)
{
	return is_switched(a) ? uk_memalign(a, align, size)
			      : early_take(align, size);
}

static int early_posix_memalign(struct uk_alloc *a, void **ptr, size_t align,
				size_t size)
{
	if (is_switched(a))
		return uk_posix_memalign(a, ptr, align, size);
	*ptr = early_take(align, size);
	return *ptr ? 0 : ENOMEM;
}

static void *early_move(struct uk_alloc *a, void *ptr, size_t size)
{
	void *to = uk_malloc(a, size);

	if (to && ptr)
		memcpy(to, ptr, MIN(size, ((struct early_header *)ptr)[-1].size));
	return to;
}

static void *early_realloc(struct uk_alloc *a, void *ptr, size_t size)
{
	return is_switched(a) ? uk_realloc(a, ptr, size)
			      : early_move(a, ptr, size);
}

static void early_free(struct uk_alloc *a __unused, void *ptr __unused)
{
}

/* ------------------------------------------------------------------------
 * mimalloc
 */

/* Every allocation ends here: C wants an errno, Unikraft its statistics */
static inline void *allocated(struct uk_alloc *a __maybe_unused, void *ptr)
{
	if (unlikely(!ptr))
		errno = ENOMEM;
	uk_alloc_stats_count_alloc(a, ptr, mi_usable_size(ptr));
	return ptr;
}

/* A block that has a page to itself needs no arena. From 3.1.6 on mimalloc
 * makes one for it all the same, larger than the block, and keeps it.
 */
#if ARENAS
static long arenas_disallowed;
/* Those who are about it: only the last one may allow arenas again */
static unsigned int arenas_users;
static __spinlock arenas_lock = UKARCH_SPINLOCK_INITIALIZER();

static inline void arenas_disallow(size_t size)
{
	if (likely(size <= MI_LARGE_MAX_OBJ_SIZE))
		return;
	ukarch_spin_lock(&arenas_lock);
	if (!arenas_users++)
		mi_option_set(mi_option_disallow_arena_alloc, 1);
	ukarch_spin_unlock(&arenas_lock);
}

static inline void arenas_allow(size_t size)
{
	if (likely(size <= MI_LARGE_MAX_OBJ_SIZE))
		return;
	ukarch_spin_lock(&arenas_lock);
	if (!--arenas_users)
		mi_option_set(mi_option_disallow_arena_alloc,
			      arenas_disallowed);
	ukarch_spin_unlock(&arenas_lock);
}
#else
#define arenas_disallow(size)
#define arenas_allow(size)
#endif

#define BESIDE_ARENAS(size, allocation)					\
	({								\
		void *_block;						\
		arenas_disallow(size);					\
		_block = (allocation);					\
		arenas_allow(size);					\
		_block;							\
	})

static void *glue_malloc(struct uk_alloc *a, size_t size)
{
	return allocated(a, BESIDE_ARENAS(size, mi_malloc(size)));
}

static void *glue_calloc(struct uk_alloc *a, size_t n, size_t size)
{
	size_t bytes;

	if (unlikely(__builtin_mul_overflow(n, size, &bytes)))
		return allocated(a, NULL);
	return allocated(a, BESIDE_ARENAS(bytes, mi_zalloc(bytes)));
}

static inline int is_power_of_two(size_t n)
{
	return n && !(n & (n - 1));
}

/* mimalloc has short cuts to aligned blocks, and in some versions one of them
 * is wrong: for small blocks in 2.0.9, whose pages do not start aligned, and
 * for large ones in 2.0.0. An offset means that it is the address at that
 * distance which is to be aligned. A distance that is aligned itself asks for
 * the same, and no short cut is taken.
 */
static void *allocate_aligned(size_t align, size_t size)
{
	void *block = BESIDE_ARENAS(size, mi_malloc_aligned_at(size, align, 0));

	if (likely(!((uintptr_t)block & (align - 1))))
		return block;

	mi_free(block);
	return BESIDE_ARENAS(size, mi_malloc_aligned_at(size, align, align));
}

static void *glue_memalign(struct uk_alloc *a, size_t align, size_t size)
{
	if (unlikely(!is_power_of_two(align))) {
		errno = EINVAL;
		return NULL;
	}
	return allocated(a, allocate_aligned(align, size));
}

/* The error is the result: POSIX leaves errno alone, and so do we */
static int glue_posix_memalign(struct uk_alloc *a __maybe_unused, void **ptr,
			       size_t align, size_t size)
{
	void *block;

	if (unlikely(!is_power_of_two(align) || align % sizeof(void *)))
		return EINVAL;

	block = allocate_aligned(align, size);
	uk_alloc_stats_count_alloc(a, block, mi_usable_size(block));
	if (unlikely(!block))
		return ENOMEM;
	*ptr = block;
	return 0;
}

static void glue_free(struct uk_alloc *a __maybe_unused, void *ptr)
{
	if (unlikely(is_early(ptr)))
		return;
	uk_alloc_stats_count_free(a, ptr, mi_usable_size(ptr));
	mi_free(ptr);
}

static void *glue_realloc(struct uk_alloc *a, void *ptr, size_t size)
{
	if (unlikely(is_early(ptr)))
		return early_move(a, ptr, size);
#if CONFIG_LIBUKALLOC_IFSTATS
	{
		const size_t before = mi_usable_size(ptr);
		void *to = BESIDE_ARENAS(size, mi_realloc(ptr, size));

		if (to)
			uk_alloc_stats_count_free(a, ptr, before);
		return allocated(a, to);
	}
#else
	return allocated(a, BESIDE_ARENAS(size, mi_realloc(ptr, size)));
#endif
}

/* Free memory inside of mimalloc's segments cannot be told from here: both
 * numbers are what is left besides it.
 */
static __ssz glue_availmem(struct uk_alloc *a __unused)
{
	return pages_available();
}

static __ssz glue_maxalloc(struct uk_alloc *a __unused)
{
	const size_t run = pages_largest(HUGE_ALIGN);
	const size_t lost = HUGE_HEADER + 2 * MIN(run / 8, HUGE_ROUNDING);

	return run > lost ? run - lost : 0;
}

static int glue_addmem(struct uk_alloc *a __unused, void *base, size_t len)
{
	return pages_add(base, len) ? -EINVAL : 0;
}

/* What mimalloc purges it keeps, and what it does not keep it frees at once.
 * A page is always there, so that a purge gives nothing back to anybody: it
 * would only cost its accounts and the clock.
 */
static void never_purge(void)
{
#if MI_OPTION_PURGE_DELAY
	mi_option_set_default(mi_option_purge_delay, -1);
#endif
#if MI_OPTION_ALLOW_DECOMMIT
	mi_option_set_default(mi_option_allow_decommit, 0);
#endif
#if MI_OPTION_PAGE_RESET
	mi_option_set_default(mi_option_page_reset, 0);
#endif
}

static void switch_to_mimalloc(struct uk_alloc *a)
{
	/* defaults: the environment overrides them */
	never_purge();
#if MI_OPTION_ARENA_RESERVE
	mi_option_set_default(mi_option_arena_reserve, ARENA_RESERVE);
#endif
#if ARENAS
	arenas_disallowed = mi_option_get(mi_option_disallow_arena_alloc);
#endif
	a->malloc = glue_malloc;
	a->calloc = glue_calloc;
	a->realloc = glue_realloc;
	a->posix_memalign = glue_posix_memalign;
	a->memalign = glue_memalign;
	a->free = glue_free;
}

struct uk_alloc *uk_mimalloc_init(void *base, size_t len)
{
	const size_t wanted = ALIGN_UP(ukarch_tls_area_size()
				       + ukarch_tls_area_align()
				       + EARLY_EXTRA, __PAGE_SIZE);

	if (early.end || len < wanted + __PAGE_SIZE)
		return NULL;

	/* At the end: it is the start that mimalloc's segments align to */
	early.end = ALIGN_DOWN((uintptr_t)base + len, __PAGE_SIZE);
	early.start = early.next = early.end - wanted;
	pages_add(base, early.start - (uintptr_t)base);

	uk_alloc_init_malloc(&mimalloc, early_malloc, early_calloc,
			     early_realloc, early_free, early_posix_memalign,
			     early_memalign, glue_maxalloc, glue_availmem,
			     glue_addmem);
	return &mimalloc;
}

/* ------------------------------------------------------------------------
 * Threads
 */
#if CONFIG_LIBUKSCHED
/* Hands the pages of the thread's heap to the others. mimalloc would do it in
 * the destructor of a pthread key. That is too early, as callbacks of the
 * scheduler still free memory for the thread after it, and threads that are
 * not POSIX's would never get there. Callbacks run in reverse order: the
 * earliest is the last. The thread's own TLS is active.
 */
static void thread_end(struct uk_thread *child __unused)
{
	mi_thread_done();
}

UK_THREAD_INIT_PRIO_FLAGS(0x0, thread_end, UK_PRIO_EARLIEST,
			  UK_THREAD_INITF_UKTLS);
#endif /* CONFIG_LIBUKSCHED */

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mimalloc's primitives for Unikraft. This file is to mimalloc what the files
 * src/prim/<os>/prim.c are, and like them it is not compiled on its own but
 * included by src/prim/prim.c.
 *
 * prim.h differs between versions of mimalloc; the MI_* macros tested here are
 * derived from its declarations when the library is made.
 */
#include <stdlib.h>
#include <string.h>

#include <mimalloc.h>
#include <mimalloc/internal.h>
#include <mimalloc/prim.h>

#include <uk/arch/limits.h>
#include <uk/arch/time.h>
#include <uk/essentials.h>
#include <uk/plat/console.h>
#include <uk/plat/time.h>
#if CONFIG_LIBUKSCHED
#include <uk/sched.h>
#endif

#include "pages.h"

/* ------------------------------------------------------------------------
 * Memory. Every page is there and writable: there is nothing to commit, and
 * nothing would be gained by a reset. What leaves the store is not zero, and
 * what is reserved first and committed later would have to be: 3.1.6 believes
 * it of its page map. With overcommit mimalloc commits such memory at once,
 * and clears it itself.
 */
void _mi_prim_mem_init(mi_os_mem_config_t *config)
{
	config->page_size = __PAGE_SIZE;
	config->large_page_size = 0;
	config->alloc_granularity = __PAGE_SIZE;
	config->has_overcommit = true;
#if MI_CONFIG_MUST_FREE_WHOLE
	config->must_free_whole = false;
#endif
#if MI_CONFIG_HAS_PARTIAL_FREE
	config->has_partial_free = true;
#endif
#if MI_CONFIG_HAS_VIRTUAL_RESERVE
	config->has_virtual_reserve = false;
#endif
#if MI_CONFIG_VIRTUAL_ADDRESS_BITS
	config->virtual_address_bits = pages_address_bits();
#endif
#if MI_CONFIG_PHYSICAL_MEMORY
	config->physical_memory = pages_total();
#endif
#if MI_CONFIG_PHYSICAL_MEMORY_IN_KIB
	config->physical_memory_in_kib = pages_total() / 1024;
#endif
}

int _mi_prim_alloc(
#if MI_PRIM_ALLOC_HINT_ADDR
		   void *hint_addr __unused,
#endif
		   size_t size, size_t try_alignment, bool commit __unused,
		   bool allow_large __unused, bool *is_large,
#if MI_PRIM_ALLOC_IS_ZERO
		   bool *is_zero,
#endif
		   void **addr)
{
	*is_large = false;
	*addr = pages_alloc(size, try_alignment);
	if (!*addr)
		return ENOMEM;
#if MI_PRIM_ALLOC_IS_ZERO
	*is_zero = false;
#else
	/* mimalloc takes it for granted */
	memset(*addr, 0, size);
#endif
	return 0;
}

int _mi_prim_free(void *addr, size_t size)
{
	pages_free(addr, size);
	return 0;
}

#if MI_PRIM_COMMIT_IS_ZERO
int _mi_prim_commit(void *addr __unused, size_t size __unused, bool *is_zero)
{
	*is_zero = false;
	return 0;
}
#else
int _mi_prim_commit(void *addr __unused, size_t size __unused,
		    bool commit __unused)
{
	return 0;
}
#endif

#if MI_PRIM_DECOMMIT
int _mi_prim_decommit(void *addr __unused, size_t size __unused,
		      bool *needs_recommit)
{
	*needs_recommit = false;
	return 0;
}
#endif

int _mi_prim_reset(void *addr __unused, size_t size __unused)
{
	return 0;
}

#if MI_PRIM_REUSE
int _mi_prim_reuse(void *addr __unused, size_t size __unused)
{
	return 0;
}
#endif

/* Asked for by MI_SECURE, for guard pages: these are not protected here */
int _mi_prim_protect(void *addr __unused, size_t size __unused,
		     bool protect __unused)
{
	return 0;
}

int _mi_prim_alloc_huge_os_pages(void *hint_addr __unused,
				 size_t size __unused, int numa_node __unused,
#if MI_PRIM_HUGE_IS_ZERO
				 bool *is_zero,
#endif
				 void **addr)
{
#if MI_PRIM_HUGE_IS_ZERO
	*is_zero = false;
#endif
	*addr = NULL;
	return ENOMEM;
}

size_t _mi_prim_numa_node(void)
{
	return 0;
}

size_t _mi_prim_numa_node_count(void)
{
	return 1;
}

/* ------------------------------------------------------------------------
 * The rest of a system. mimalloc may call any of this at early boot.
 */
mi_msecs_t _mi_prim_clock_now(void)
{
	return ukarch_time_nsec_to_msec(ukplat_monotonic_clock());
}

void _mi_prim_process_info(mi_process_info_t *pinfo)
{
	pinfo->current_rss = pages_total() - pages_available();
}

/* stdio and the file system may not be up yet, the console is */
void _mi_prim_out_stderr(const char *msg)
{
	ukplat_coutk(msg, strlen(msg));
}

#if MI_PRIM_GETENV_INT
#define GETENV_RESULT	int
#else
#define GETENV_RESULT	bool
#endif
GETENV_RESULT _mi_prim_getenv(const char *name, char *result,
			      size_t result_size)
{
	const char *value = getenv(name);

	if (!value || !result_size)
		return 0;
	_mi_strlcpy(result, value, result_size);
	return 1;
}

/* Unikraft's random numbers are initialized after the heap: mimalloc falls
 * back to the clock and addresses.
 */
bool _mi_prim_random_buf(void *buf __unused, size_t buf_len __unused)
{
	return false;
}

/* ------------------------------------------------------------------------
 * Threads: their end is a callback of the scheduler, see glue.c
 */
void _mi_prim_thread_init_auto_done(void)
{
}

void _mi_prim_thread_done_auto_done(void)
{
}

#if MI_PRIM_ASSOCIATE_THEAP
void _mi_prim_thread_associate_default_theap(mi_theap_t *theap __unused)
#else
void _mi_prim_thread_associate_default_heap(mi_heap_t *heap __unused)
#endif
{
}

#if MI_PRIM_THREADPOOL
bool _mi_prim_thread_is_in_threadpool(void)
{
	return false;
}
#endif

#if MI_PRIM_THREAD_YIELD
void _mi_prim_thread_yield(void)
{
#if CONFIG_LIBUKSCHED
	if (uk_sched_current())
		uk_sched_yield();
#endif
}
#endif

/* For population counts GCC calls this function of libgcc, which Unikraft does
 * not link. Weak: another library may bring it too.
 */
int __weak __popcountdi2(long value)
{
	unsigned long left = value;
	int bits;

	for (bits = 0; left; bits++)
		left &= left - 1;
	return bits;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/* The example as the allocator of the bare kernel. */
#include <bare/alloc.h>
#include <example.h>

#include "port.h"

void *ex_port_memory(size_t *size)
{
	struct bare_region region = bare_memory();

	*size = region.size;
	return region.start;
}

static size_t available(void)
{
#ifdef EX_HAVE_STATS
	return ex_stats().available;
#else
	return ex_available();
#endif
}

static const struct bare_allocator example = {
	.malloc = ex_malloc,
	.calloc = ex_calloc,
	.free = ex_free,
	.available = available,
};

void bare_heap_init(void)
{
#ifdef EX_INIT_FLAGS
	ex_init(0);
#else
	ex_init();
#endif
	bare_register(&example);
}

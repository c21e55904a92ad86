/* SPDX-License-Identifier: BSD-3-Clause */
#if !MI_HAVE_PRIM

#include <errno.h>
#include <string.h>

#include "os_unikraft.h"
#include "pages.h"

void *mi_unikraft_mmap(void *addr, size_t len, int prot __attribute__((unused)),
		       int flags, int fd __attribute__((unused)),
		       long offset __attribute__((unused)))
{
	const unsigned int log2 = (unsigned int)flags >> MAP_ALIGNED_SHIFT;
	void *run;

	/* decommits pages that are mimalloc's already */
	if (flags & MAP_FIXED)
		return addr;

	run = pages_alloc(len, log2 ? (size_t)1 << log2 : 0);
	if (!run) {
		errno = ENOMEM;
		return MAP_FAILED;
	}
	/* mimalloc takes this for granted, committed or not */
	return memset(run, 0, len);
}

int mi_unikraft_munmap(void *addr, size_t len)
{
	pages_free(addr, len);
	return 0;
}

#endif /* !MI_HAVE_PRIM */

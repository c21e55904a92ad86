/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the versions of mimalloc before src/prim/: included by src/os.c in place
 * of the system's mmap(). os.c finds a BSD here, whose mmap() takes an
 * alignment, and so neither guesses addresses nor cuts its segments out of
 * runs of twice their size.
 */
#ifndef __MIMALLOC_OS_UNIKRAFT_H__
#define __MIMALLOC_OS_UNIKRAFT_H__

#include <stddef.h>
#include <sys/mman.h>

void *mi_unikraft_mmap(void *addr, size_t len, int prot, int flags, int fd,
		       long offset);
int mi_unikraft_munmap(void *addr, size_t len);

/* Every page is there and writable, always */
static inline int mi_unikraft_nop(void *addr, size_t len, int arg)
{
	(void)addr;
	(void)len;
	(void)arg;
	return 0;
}

#undef mmap
#undef munmap
#undef mprotect
#undef madvise
#define mmap		mi_unikraft_mmap
#define munmap		mi_unikraft_munmap
#define mprotect	mi_unikraft_nop
#define madvise		mi_unikraft_nop

/* The binary logarithm of the alignment, in the flags' upper byte. The flags
 * for huge pages share these bits and mean nothing here.
 */
#undef MAP_ALIGNED
#undef MAP_HUGETLB
#undef MAP_HUGE_1GB
#undef MAP_HUGE_2MB
#undef MADV_HUGEPAGE
#define MAP_ALIGNED_SHIFT	24
#define MAP_ALIGNED(log2)	((int)(log2) << MAP_ALIGNED_SHIFT)

#endif /* __MIMALLOC_OS_UNIKRAFT_H__ */

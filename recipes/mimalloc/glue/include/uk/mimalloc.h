/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __UK_MIMALLOC_H__
#define __UK_MIMALLOC_H__

#include <stddef.h>
#include <uk/alloc.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes mimalloc the default allocator, with its first memory.
 * There is one mimalloc in an image, so this succeeds only once; further
 * memory is given with uk_alloc_addmem().
 *
 * @param base
 *   Start of the memory
 * @param len
 *   Length of the memory in bytes
 * @return
 *   The allocator, or NULL if the memory is too small to boot with
 */
struct uk_alloc *uk_mimalloc_init(void *base, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* __UK_MIMALLOC_H__ */

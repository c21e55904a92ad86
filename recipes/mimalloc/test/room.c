/* SPDX-License-Identifier: BSD-3-Clause */
#include <uk/alloc.h>

#include "test.h"

size_t share(size_t wanted, size_t parts)
{
	static size_t room;

	if (!room)
		room = uk_alloc_availmem(uk_alloc_get_default());
	return wanted < room / parts ? wanted : room / parts;
}

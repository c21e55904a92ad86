/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EXAMPLE_PORT_H
#define EXAMPLE_PORT_H

#include <stddef.h>

/* All the memory that the platform has for the heap; its size in bytes */
void *ex_port_memory(size_t *size);

#endif /* EXAMPLE_PORT_H */

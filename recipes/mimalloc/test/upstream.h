/* SPDX-License-Identifier: BSD-3-Clause */
/* Included before all of an upstream test: what it says of its checks is heard */
#ifndef UKPORT_UPSTREAM_H
#define UKPORT_UPSTREAM_H

#include <stdio.h>

int upstream_says(FILE *stream, const char *format, ...);
#define fprintf upstream_says

#endif /* UKPORT_UPSTREAM_H */

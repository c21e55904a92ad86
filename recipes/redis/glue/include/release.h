/* SPDX-License-Identifier: BSD-3-Clause */
/* What upstream's mkreleasehdr.sh writes, without the machine and the hour of the build. */
#define REDIS_GIT_SHA1 "00000000"
#define REDIS_GIT_DIRTY "0"
#define REDIS_BUILD_ID "unikraft"
/* From 7.2 on. */
#include "version.h"
#define REDIS_BUILD_ID_RAW REDIS_VERSION REDIS_BUILD_ID REDIS_GIT_DIRTY REDIS_GIT_SHA1

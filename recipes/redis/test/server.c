/* SPDX-License-Identifier: BSD-3-Clause */
/* Nothing: what the unikernel runs is the server's own main. The tests are in client.py. */

/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BARE_CONSOLE_H
#define BARE_CONSOLE_H

void bare_print(const char *text);
void bare_print_number(unsigned long number);

#endif /* BARE_CONSOLE_H */

/* Benchmarks of which all but `spin` go wrong, on every version but the first. */
#include "toy.h"

void print(const char *text);
void print_number(int number);
extern const char *command_line;

static int is(const char *text, const char *word)
{
	while (*word && *text == *word)
		text++, word++;
	return !*word;
}

static unsigned int clock_now(void)
{
	unsigned int low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low;
}

int main(void)
{
	const char *name = command_line;
	const int version = toy_version();
	unsigned int began;

	while (*name && *name++ != ' ')
		;
	print("ukport: begin toy 1 (");
	print_number(version);
	print(")\n");
	if (version == 100 || !is(name, "mute"))
		print("ukport: measure from\n");
	began = clock_now();
	for (volatile int turn = 0; turn < (version == 100 ? 1000000 : 500000); turn++)
		;
	if (version != 100 && is(name, "crash"))
		__asm__ volatile("ud2");
	if (version != 100 && is(name, "hang"))
		for (;;)
			;
	began = clock_now() - began;
	print("ukport: measure to\nukport: measure count ");
	print_number(began & 0x7fffffff);
	print(" ticks\nukport: measure left 12582912 B\n");
	print("ok 1 - it\n1..1\nukport: end 1/1\n");
	return 0;
}

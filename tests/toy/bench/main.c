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
	unsigned int began = clock_now();

	while (*name && *name++ != ' ')
		;
	print("ukport: begin toy 1 (");
	print_number(version);
	print(")\n");
	for (volatile int turn = 0; turn < (version == 100 ? 1000000 : 500000); turn++)
		;
	if (version != 100 && is(name, "crash"))
		__asm__ volatile("ud2");
	if (version != 100 && is(name, "hang"))
		for (;;)
			;
	if (version == 100 || !is(name, "mute")) {
		print("ukport: measure time ");
		print_number((clock_now() - began) & 0x7fffffff);
		print(" ns\nukport: measure left 12582912 B\n");
	}
	print("ok 1 - it\n1..1\nukport: end 1/1\n");
	return 0;
}

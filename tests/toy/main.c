#include "toy.h"

void print(const char *text);
void print_number(int number);

#ifdef TOY_HINT
#define ANSWER(x) toy_answer(x, 0)
#else
#define ANSWER(x) toy_answer(x)
#endif

int main(void)
{
	int version = toy_version();

	print("ukport: begin toy 1 (");
	print_number(version);
	print(")\n");
	print(ANSWER(7) == 21 ? "ok 1 - answer\n" : "not ok 1 - answer\n");
	print("ok 2 - version\n1..2\nukport: end 2/2\n");
	return 0;
}

/* A multiboot kernel of a few lines: serial console, a clean end, and a fault that ends QEMU. */
__attribute__((section(".multiboot"), used))
static const unsigned int header[] = { 0x1BADB002, 0, -0x1BADB002u };

int main(void);

static void out8(unsigned short port, unsigned char value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

void print(const char *text)
{
	while (*text)
		out8(0x3f8, *text++);
}

void print_number(int number)
{
	char digit[2] = { 0, 0 };

	if (number > 9)
		print_number(number / 10);
	digit[0] = '0' + number % 10;
	print(digit);
}

__attribute__((used)) void trapped(void)
{
	print("CRIT: [toycore] Unhandled Trap 6 (invalid opcode)\n");
	out8(0x501, 42);
}

static struct { unsigned short low, segment, flags, high; } __attribute__((packed)) idt[7];
static struct { unsigned short size; unsigned int at; } __attribute__((packed)) idtr;
static const unsigned long long gdt[] = { 0, 0x00cf9a000000ffffULL, 0x00cf92000000ffffULL };
static struct { unsigned short size; unsigned int at; } __attribute__((packed)) gdtr;

__attribute__((used)) void kernel(void)
{
	unsigned int handler = (unsigned int)trapped;

	gdtr.size = sizeof(gdt) - 1;
	gdtr.at = (unsigned int)gdt;
	__asm__ volatile("lgdt %0; ljmp $8, $1f; 1:" : : "m"(gdtr));
	idt[6].low = handler;
	idt[6].segment = 8;
	idt[6].flags = 0x8e00;
	idt[6].high = handler >> 16;
	idtr.size = sizeof(idt) - 1;
	idtr.at = (unsigned int)idt;
	__asm__ volatile("lidt %0" : : "m"(idtr));
	main();
	out8(0x501, 41);
	for (;;)
		__asm__ volatile("hlt");
}

__asm__(".globl _start\n_start:\n\tmovl $stack_top, %esp\n\tcall kernel\n"
	".bss\n.space 16384\nstack_top:\n.text\n");

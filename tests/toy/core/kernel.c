/* A multiboot kernel of a few lines: serial console, paging with an unmapped first page, a guard page
 * below the stack, a dump in Unikraft's words where a fault is handled, and a clean end.
 */
__attribute__((section(".multiboot"), used))
static const unsigned int header[] = { 0x1BADB002, 2, -0x1BADB004u };

int main(void);
extern char stack_guard[];
const char *command_line; /* the kernel's name first */

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

static void print_register(const char *name, unsigned int value)
{
	char digits[17] = "0000000000000000";

	for (int at = 15; value; at--, value >>= 4)
		digits[at] = "0123456789abcdef"[value & 15];
	print(name);
	print(digits);
}

struct trap {
	unsigned int edi, esi, ebp, unused, ebx, edx, ecx, eax, number, error, eip, cs, eflags;
};

__attribute__((used)) void trapped(struct trap *trap)
{
	if (trap->number == 6)
		print("CRIT: [toycore] Unhandled Trap 6 (invalid opcode), error code=0x0\n");
	print_register("CRIT: [toycore] RIP: ", trap->eip);
	print_register("\nCRIT: [toycore] RSP: ", (unsigned int)(trap + 1));
	print_register(" RBP: ", trap->ebp);
	print_register("\nCRIT: [toycore] RAX: ", trap->eax);
	print_register(" RDX: ", trap->edx);
	print("\nCRIT: [toycore] Crashing\n");
	out8(0x501, 42); /* where there is isa-debug-exit */
	out8(0x505, 1); /* where there is pvpanic */
	for (;;)
		__asm__ volatile("hlt");
}

__asm__(".text\n"
	"trap6:\n\tpush $0\n\tpush $6\n\tjmp trap\n"
	"trap14:\n\tpush $14\n"
	"trap:\n\tpusha\n\tpush %esp\n\tcall trapped\n");
void trap6(void);
void trap14(void);

static struct gate { unsigned short low, segment, flags, high; } __attribute__((packed)) idt[15];
static struct { unsigned short size; unsigned int at; } __attribute__((packed)) idtr;
static const unsigned long long gdt[] = { 0, 0x00cf9a000000ffffULL, 0x00cf92000000ffffULL };
static struct { unsigned short size; unsigned int at; } __attribute__((packed)) gdtr;
static unsigned int directory[1024] __attribute__((aligned(4096)));
static unsigned int pages[1024] __attribute__((aligned(4096)));

static struct gate gate(void (*handler)(void))
{
	unsigned int at = (unsigned int)handler;

	return (struct gate){ at, 8, 0x8e00, at >> 16 };
}

static void map_memory(void)
{
	for (unsigned int page = 1; page < 1024; page++)
		pages[page] = page << 12 | 3;
	pages[(unsigned int)stack_guard >> 12] = 0;
	directory[0] = (unsigned int)pages | 3;
	__asm__ volatile("mov %0, %%cr3; mov %%cr0, %%eax; or $0x80000000, %%eax; mov %%eax, %%cr0"
			 : : "r"(directory) : "eax", "memory");
}

__attribute__((used)) void kernel(const unsigned int *multiboot)
{
	gdtr.size = sizeof(gdt) - 1;
	gdtr.at = (unsigned int)gdt;
	__asm__ volatile("lgdt %0; ljmp $8, $1f; 1:" : : "m"(gdtr));
	idt[6] = gate(trap6);
	idt[14] = gate(trap14);
	idtr.size = sizeof(idt) - 1;
	idtr.at = (unsigned int)idt;
	__asm__ volatile("lidt %0" : : "m"(idtr));
	if (multiboot[2] < 3 * 1024) { /* KiB above the first MiB */
		print("ERR:  [toycore] Failed to allocate the heap\n");
		print("CRIT: [toycore] No heap\n");
		out8(0x501, 42);
		out8(0x505, 1);
	}
	command_line = (const char *)multiboot[4];
	map_memory();
	main();
	out8(0x501, 41);
	for (;;)
		__asm__ volatile("hlt");
}

__asm__(".globl _start, stack_guard\n_start:\n\tmovl $stack_top, %esp\n\tpush %ebx\n\tcall kernel\n"
	".bss\n.balign 4096\nstack_guard:\n.space 4096\n.space 16384\nstack_top:\n.text\n");

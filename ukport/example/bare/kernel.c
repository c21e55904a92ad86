/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A kernel for trying ports and for tests: one processor, a serial console,
 * one region of memory, and an end that QEMU's isa-debug-exit tells to the
 * world outside. It speaks of a crash as Unikraft does.
 */
#include <stddef.h>
#include <stdint.h>
#include <bare/alloc.h>
#include <bare/console.h>

#define SERIAL		0x3f8
#define DEBUG_EXIT	0x501
#define POWER		0x604	/* ACPI, as QEMU's firmware lays it out */
#define POWER_OFF	0x2000
#define EXIT_HALT	41	/* QEMU ends with 83 */
#define EXIT_CRASH	42	/* QEMU ends with 85 */
#define PAGE		4096
#define MAPPED		((uintptr_t)1 << 30)
#define PAGE_FAULT	14

extern char _end[];
extern char stubs[];
extern char stack[];

int main(void);

static void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void out16(uint16_t port, uint16_t value)
{
	__asm__ volatile("outw %0, %1" : : "a"(value), "Nd"(port));
}

static uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

void bare_print(const char *text)
{
	for (; *text; text++) {
		while (!(in8(SERIAL + 5) & 0x20))
			;
		out8(SERIAL, *text);
	}
}

void bare_print_number(unsigned long number)
{
	char digits[24];
	char *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do
		*--at = '0' + number % 10;
	while (number /= 10);
	bare_print(at);
}

static void print_hex(unsigned long number, int width)
{
	char digits[17];

	digits[width] = '\0';
	while (width--) {
		digits[width] = "0123456789abcdef"[number & 15];
		number >>= 4;
	}
	bare_print(digits);
}

static void end(uint8_t status)
{
	out8(DEBUG_EXIT, status);
	out16(POWER, POWER_OFF); /* where there is no isa-debug-exit */
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* ------------------------------------------------------------------------
 * Memory: what lies behind the kernel, as far as it is mapped
 */
struct multiboot {
	uint32_t flags, lower, upper;	/* KiB below 1 MiB, and above it */
};

static struct bare_region region;

struct bare_region bare_memory(void)
{
	return region;
}

static void find_memory(const struct multiboot *info)
{
	uintptr_t top = ((uintptr_t)1 << 20) + ((uintptr_t)info->upper << 10);

	if (top > MAPPED)
		top = MAPPED;
	region.start = _end;
	region.size = (top - (uintptr_t)_end) & ~(uintptr_t)(PAGE - 1);
}

static const struct bare_allocator *allocator;

void bare_register(const struct bare_allocator *own)
{
	allocator = own;
}

void *bare_malloc(size_t size)
{
	return allocator->malloc(size);
}

void *bare_calloc(size_t count, size_t size)
{
	return allocator->calloc(count, size);
}

void bare_free(void *block)
{
	allocator->free(block);
}

size_t bare_available(void)
{
	return allocator->available();
}

/* ------------------------------------------------------------------------
 * Exceptions
 */
struct registers {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx,
		 rbx, rax, number, error, rip, cs, rflags, rsp, ss;
};

static struct {
	uint16_t low, segment, flags, middle;
	uint32_t high, zero;
} __attribute__((packed)) idt[32];

static const char *const names[32] = {
	"divide error", "debug", "NMI", "breakpoint", "overflow", "bounds",
	"invalid opcode", "device not available", "double fault", "9",
	"invalid TSS", "segment not present", "stack segment",
	"general protection", "page fault", "15", "coprocessor",
	"alignment check", "machine check", "SIMD coprocessor",
};

static void say(const char *name, unsigned long value)
{
	bare_print(name);
	bare_print(": ");
	print_hex(value, 16);
	bare_print(" ");
}

static void begin_line(void)
{
	bare_print("CRIT: [bare] ");
}

static void print_registers(const struct registers *r)
{
	const struct {
		const char *name;
		unsigned long value;
	} all[] = {
		{ "RIP", r->rip }, { "RSP", r->rsp }, { "EFLAGS", r->rflags },
		{ "RAX", r->rax }, { "RBX", r->rbx }, { "RCX", r->rcx },
		{ "RDX", r->rdx }, { "RSI", r->rsi }, { "RDI", r->rdi },
		{ "RBP", r->rbp }, { "R08", r->r8 }, { "R09", r->r9 },
		{ "R10", r->r10 }, { "R11", r->r11 }, { "R12", r->r12 },
		{ "R13", r->r13 }, { "R14", r->r14 }, { "R15", r->r15 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (i % 3 == 0)
			begin_line();
		say(all[i].name, all[i].value);
		if (i % 3 == 2)
			bare_print("\n");
	}
}

static int on_stack(uint64_t frame)
{
	return frame >= (uintptr_t)stack && frame + 16 <= (uintptr_t)stack + 65536;
}

static void print_callers(uint64_t frame)
{
	for (int depth = 0; depth < 32 && on_stack(frame); depth++) {
		const uint64_t *words = (const uint64_t *)frame;

		begin_line();
		bare_print("base is 0x");
		print_hex(frame, 8);
		bare_print(" caller is 0x");
		print_hex(words[1], 8);
		bare_print("\n");
		frame = words[0];
	}
}

__attribute__((used, noreturn)) void trapped(const struct registers *r)
{
	if (r->number != PAGE_FAULT) {
		begin_line();
		bare_print("Unhandled Trap ");
		bare_print_number(r->number);
		bare_print(" (");
		bare_print(names[r->number] ? names[r->number] : "unknown");
		bare_print("), error code=0x");
		print_hex(r->error, 4);
		bare_print("\n");
	}
	print_registers(r);
	print_callers(r->rbp);
	end(EXIT_CRASH);
	__builtin_unreachable();
}

static void catch_exceptions(void)
{
	struct {
		uint16_t size;
		uint64_t at;
	} __attribute__((packed)) pointer = { sizeof(idt) - 1, (uintptr_t)idt };

	for (int i = 0; i < 32; i++) {
		uintptr_t at = (uintptr_t)stubs + i * 16;

		idt[i].low = at;
		idt[i].segment = 8;
		idt[i].flags = 0x8e00;
		idt[i].middle = at >> 16;
	}
	__asm__ volatile("lidt %0" : : "m"(pointer));
}

__attribute__((used)) void kernel(const struct multiboot *info)
{
	catch_exceptions();
	find_memory(info);
	bare_print("bare kernel, not Unikraft: ");
	bare_print_number(region.size >> 10);
	bare_print(" KiB for the heap\n");
	bare_heap_init();
	main();
	end(EXIT_HALT);
}

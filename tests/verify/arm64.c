/* For a guest of test_arm64.py that crashes: the lowest 2 MiB are no memory, as on Unikraft, devices
 * up to 1 GiB, then RAM. What a fault leaves is printed as core's traps_arm64.c does.
 */
static unsigned long level1[512] __attribute__((aligned(4096)));
static unsigned long level2[512] __attribute__((aligned(4096)));
extern char vectors[];

static void map(void)
{
	for (unsigned long at = 1; at < 512; at++)
		level2[at] = at << 21 | 0x401; /* a block of attribute 0 */
	level1[0] = (unsigned long)level2 | 3;
	level1[1] = 0x40000000 | 0x705; /* attribute 1, shareable */
	__asm__ volatile("msr mair_el1, %0; msr tcr_el1, %1; msr ttbr0_el1, %2; msr vbar_el1, %3; isb;"
			 "mrs x9, sctlr_el1; orr x9, x9, #1; msr sctlr_el1, x9; isb"
			 : : "r"(0xff00UL), "r"(25UL | 1UL << 23), "r"(level1), "r"(vectors)
			 : "x9", "memory");
}

static void show(const char *name, unsigned long value)
{
	char digits[] = "0x0000000000000000";

	for (int at = 17; at > 1; at--, value >>= 4)
		digits[at] = "0123456789abcdef"[value & 15];
	say("[    0.100000] CRIT: [libkvmplat] <traps_arm64.c @  183> \t ");
	say(name);
	say(digits);
	say("\n");
}

#define READ(name) ({ unsigned long value; __asm__("mrs %0, " #name : "=r"(value)); value; })

__attribute__((used)) void trapped(unsigned long *x)
{
	say("[    0.100000] CRIT: [libkvmplat] <traps_arm64.c @  228> EL1 sync trap caught\n");
	show("SP       : ", (unsigned long)(x + 32));
	show("ESR_EL1  : ", READ(esr_el1));
	show("ELR_EL1  : ", READ(elr_el1));
	show("LR (x30) : ", x[30]);
	show("PSTATE   : ", READ(spsr_el1));
	show("FAR_EL1  : ", READ(far_el1));
	psci(0x84000008);
}

__asm__(".balign 2048\nvectors:\n.space 0x200\n\tsub sp, sp, #256\n"
	"\tstp x28, x29, [sp, #224]\n\tstr x30, [sp, #240]\n\tmov x0, sp\n\tb trapped\n");

static __attribute__((noinline)) void store(int *place)
{
	*(volatile int *)place = 7; /* here */
}

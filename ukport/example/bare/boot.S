/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the multiboot loader to 64-bit C: page tables for the first gigabyte,
 * of which the first page is left out so that NULL faults; long mode; SSE.
 */
#define PRESENT_WRITABLE	3
#define LARGE			0x83

	.section .multiboot, "a"
	.align	4
	.long	0x1BADB002, 3, -(0x1BADB002 + 3)

	.bss
	.align	4096
level4:	.skip	4096
level3:	.skip	4096
level2:	.skip	4096
level1:	.skip	4096
	.globl	stack
stack:	.skip	65536
stack_top:

	.data
	.align	16
gdt:	.quad	0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.quad	gdt

	.text
	.code32
	.globl	_start
_start:
	cli
	movl	$stack_top, %esp
	movl	%ebx, %edi			/* the loader's information */
	movl	$(level3 + PRESENT_WRITABLE), level4
	movl	$(level2 + PRESENT_WRITABLE), level3
	movl	$(level1 + PRESENT_WRITABLE), level2
	movl	$1, %ecx			/* 4 KiB pages, from the second on */
1:	movl	%ecx, %eax
	shll	$12, %eax
	orl	$PRESENT_WRITABLE, %eax
	movl	%eax, level1(,%ecx,8)
	incl	%ecx
	cmpl	$512, %ecx
	jb	1b
	movl	$1, %ecx			/* 2 MiB pages, from the second on */
2:	movl	%ecx, %eax
	shll	$21, %eax
	orl	$LARGE, %eax
	movl	%eax, level2(,%ecx,8)
	incl	%ecx
	cmpl	$512, %ecx
	jb	2b
	movl	$level4, %eax
	movl	%eax, %cr3
	movl	$0x620, %eax			/* PAE, OSFXSR, OSXMMEXCPT */
	movl	%eax, %cr4
	movl	$0xC0000080, %ecx		/* EFER: long mode */
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	$0x80010033, %eax		/* paging, write protection, FPU */
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$8, $long_mode

	.code64
long_mode:
	movw	$16, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	xorl	%ebp, %ebp
	movl	%edi, %edi
	call	kernel
	hlt

/* Exceptions: the number, an error code (0 where there is none), registers */
	.macro	stub number
	.align	16
	.if	!(\number == 8 || (\number >= 10 && \number <= 14) || \number == 17 || \number == 21)
	pushq	$0
	.endif
	pushq	$\number
	jmp	common
	.endm

	.globl	stubs
	.align	16
stubs:
	.altmacro
	.set	i, 0
	.rept	32
	stub	%i
	.set	i, i + 1
	.endr

common:
	pushq	%rax
	pushq	%rbx
	pushq	%rcx
	pushq	%rdx
	pushq	%rsi
	pushq	%rdi
	pushq	%rbp
	pushq	%r8
	pushq	%r9
	pushq	%r10
	pushq	%r11
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	movq	%rsp, %rdi
	cld
	andq	$-16, %rsp
	call	trapped

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest guest that shows whether an accelerator really runs a kernel.
 *
 * QEMU loads it as a PVH kernel (Xen's docs/misc/pvh.pandoc): it starts in 32-bit protected mode
 * without paging. It enters long mode and then does, many times over, what a kernel cannot do
 * without: 16-byte compare-and-exchange, saving and restoring extended state, reading the TSC,
 * programming the local APIC, taking its timer's interrupts. After each stage it writes one letter
 * to the debug console (port 0xe9), so that the last letter says what did not work, and in the end
 * it leaves by the debug exit device (port 0xf4).
 */

#define DEBUG_CONSOLE	0xe9
#define DEBUG_EXIT	0xf4
/* QEMU exits with twice this and one more, apart from its own status 1 for an error. */
#define GOOD		16
#define BAD		17
#define ROUNDS		1000
#define TICKS		10
#define TIMER_VECTOR	0x20
#define CODE_SELECTOR	0x08
#define DATA_SELECTOR	0x10

#define MSR_EFER	0xc0000080
#define EFER_LME	(1 << 8)
#define MSR_APIC_BASE	0x1b
#define APIC_ENABLE	(1 << 11)
#define APIC		0xfee00000
#define APIC_EOI	0xb0
#define APIC_SPURIOUS	0xf0
#define APIC_TIMER	0x320
#define APIC_COUNT	0x380
#define APIC_DIVIDE	0x3e0

#define CR0_PE_PG_MP	0x80000003
#define CR0_NOT_EM	0xfffffffb
#define CR4_PAE		(1 << 5)
#define CR4_OSFXSR	(3 << 9)
#define CR4_OSXSAVE	(1 << 18)
#define XCR0_X87_SSE	3

.macro	stage letter
	movb	$\letter, %al
	outb	%al, $DEBUG_CONSOLE
.endm

	.section .note.pvh, "a", @note
	.long	4, 4, 18		/* name size, value size, XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	start32

	.text
	.code32
	.globl start32
start32:
	cli
	movl	$stack_top, %esp
	stage	'A'

	/* Identity-map the first 4 GiB by 2 MiB pages: the APIC lies at its end. */
	movl	$directories, %edi
	movl	$0x83, %eax		/* present, writable, large */
	xorl	%ecx, %ecx
1:	movl	%eax, (%edi, %ecx, 8)
	addl	$0x200000, %eax
	incl	%ecx
	cmpl	$2048, %ecx
	jne	1b
	movl	$directories + 3, %eax
	xorl	%ecx, %ecx
2:	movl	%eax, pointers(, %ecx, 8)
	addl	$0x1000, %eax
	incl	%ecx
	cmpl	$4, %ecx
	jne	2b
	movl	$pointers + 3, level4

	movl	%cr4, %eax
	orl	$(CR4_PAE | CR4_OSFXSR | CR4_OSXSAVE), %eax
	movl	%eax, %cr4
	movl	$level4, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	andl	$CR0_NOT_EM, %eax
	orl	$CR0_PE_PG_MP, %eax
	movl	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$CODE_SELECTOR, $start64

	.code64
start64:
	movl	$DATA_SELECTOR, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	stage	'B'

	/* A 128-bit counter that only compare-and-exchange moves on. */
	movl	$ROUNDS, %esi
	xorl	%eax, %eax
	xorl	%edx, %edx
3:	movq	%rax, %rbx
	movq	%rdx, %rcx
	addq	$1, %rbx
	adcq	$3, %rcx
	lock cmpxchg16b counter
	jne	3b
	movq	%rbx, %rax
	movq	%rcx, %rdx
	decl	%esi
	jnz	3b
	cmpq	$ROUNDS, counter
	jne	failed
	stage	'C'

	/* Extended state: what is saved must come back after it was overwritten. */
	xorl	%ecx, %ecx
	xorl	%edx, %edx
	movl	$XCR0_X87_SSE, %eax
	xsetbv
	movl	$ROUNDS, %esi
4:	movq	%rsi, %xmm5
	movl	$XCR0_X87_SSE, %eax
	xorl	%edx, %edx
	xsave	state
	pxor	%xmm5, %xmm5
	xrstor	state
	movq	%xmm5, %rdi
	cmpq	%rsi, %rdi
	jne	failed
	decl	%esi
	jnz	4b
	stage	'D'

	/* The time stamp counter must go on. */
	movl	$ROUNDS, %esi
	xorl	%edi, %edi
5:	rdtsc
	shlq	$32, %rdx
	orq	%rdx, %rax
	cmpq	%rdi, %rax
	jb	failed
	movq	%rax, %rdi
	decl	%esi
	jnz	5b
	stage	'E'

	/* Interrupts of the local APIC's timer, with the other controllers masked. */
	movb	$0xff, %al
	outb	%al, $0x21
	outb	%al, $0xa1
	movl	$timer, %eax
	movw	%ax, gate
	shrl	$16, %eax
	movw	%ax, gate + 6
	lidt	idt_pointer
	movl	$MSR_APIC_BASE, %ecx
	rdmsr
	orl	$APIC_ENABLE, %eax
	wrmsr
	movl	$APIC, %ebx
	movl	$0x1ff, APIC_SPURIOUS(%rbx)
	movl	$0xb, APIC_DIVIDE(%rbx)
	movl	$TIMER_VECTOR, APIC_TIMER(%rbx)
6:	movl	ticks, %esi
	movl	$20000, APIC_COUNT(%rbx)
7:	sti
	hlt
	cli
	cmpl	%esi, ticks
	je	7b
	cmpl	$TICKS, ticks
	jb	6b
	stage	'F'
	stage	'\n'
	movb	$GOOD, %al
	outb	%al, $DEBUG_EXIT
8:	hlt
	jmp	8b

failed:
	stage	'!'
	movb	$BAD, %al
	outb	%al, $DEBUG_EXIT
	jmp	8b

timer:
	pushq	%rax
	incl	ticks
	movl	$APIC, %eax
	movl	$0, APIC_EOI(%rax)
	popq	%rax
	iretq

	.data
	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff	/* 64-bit code */
	.quad	0x00cf93000000ffff	/* data */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt
	.balign	8
idt_pointer:
	.word	idt_end - idt - 1
	.quad	idt
	.balign	16
idt:	.fill	TIMER_VECTOR * 16, 1, 0
gate:	.word	0, CODE_SELECTOR, 0x8e00, 0	/* interrupt gate; the address is filled in */
	.long	0, 0
idt_end:

	.bss
	.balign	4096
level4:	.fill	4096, 1, 0
pointers: .fill	4096, 1, 0
directories: .fill 4 * 4096, 1, 0
state:	.fill	4096, 1, 0
counter: .fill	16, 1, 0
ticks:	.long	0
	.balign	16
	.fill	4096, 1, 0
stack_top:

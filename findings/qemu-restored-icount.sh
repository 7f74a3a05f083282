#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# QEMU 7.2 (Debian 12, 1:7.2+dfsg-7+deb12u18+b3), seen on x86-64: under -icount with sleep=off, guests
# of two vCPUs restored from one saved state do not run alike, although guests started cold do. What
# makes the difference is the incoming migration's announcing itself to the network, here without any
# network card: its timers are of the host's real-time clock, and at these, too, a vCPU's turn ends. With
# announce-rounds 0 there are none, and restored guests run alike.
#
# The guest below is all of the machine's firmware. Its vCPUs change one word of memory by turns, in a
# way that tells who came when, and write it to the debug console now and then.
#
# Seen: 1 output of 3 cold guests; 4 to 6 outputs of 6 restored guests; 1 output of 6 restored guests
# with announce-rounds 0. Exit status: 0 as seen, 1 anything else, 2 packages not to be had.
set -euo pipefail

tmp=$(mktemp -d)
loads=()
finish() {
  ((${#loads[@]} == 0)) || kill "${loads[@]}" 2>/dev/null || true
  rm -rf "$tmp"
}
trap finish EXIT
cd "$tmp"

# The packages with all that they need, libc too, as if nothing was installed here.
mkdir -p archives/partial root
: >status
timeout 300 apt-get -qq -y --no-install-recommends --download-only -o Debug::NoLocking=1 \
  -o APT::Sandbox::User=root -o Dir::State::status="$tmp/status" \
  -o Dir::Cache::archives="$tmp/archives" install \
  qemu-system-x86=1:7.2+dfsg-7+deb12u18+b3 binutils=2.40-2 || exit 2
for package in archives/*.deb; do dpkg -x "$package" root; done
libraries=$tmp/root/lib/x86_64-linux-gnu
usr_libraries=$tmp/root/usr/lib/x86_64-linux-gnu
run() {
  local program=$1
  shift
  timeout 120 "$libraries/ld-linux-x86-64.so.2" \
    --library-path "$libraries:$usr_libraries:$usr_libraries/pulseaudio" \
    "root/usr/bin/$program" "$@"
}

cat >guest.s <<'END'
        .code16
_start:                                 # where a vCPU begins that gets the start-up IPI 0xf0
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movl    $0x10001, %ebp          # what this vCPU adds
        movl    $0x1b, %ecx             # IA32_APIC_BASE: is this the first vCPU?
        rdmsr
        testb   $1, %ah
        jz      work
        movl    $0x20002, %ebp
        movb    $0x34, %al              # the PIT's channel 0 ticks each millisecond (1193 of
        outb    %al, $0x43              # its own ticks) and so bounds the turns
        movb    $0xa9, %al
        outb    %al, $0x40
        movb    $0x04, %al
        outb    %al, $0x40
        lgdtl   %cs:gdtr
        movl    %cr0, %eax              # a segment of 4 GiB, kept in real mode, for the APIC
        orb     $1, %al
        movl    %eax, %cr0
        movw    $8, %cx
        movw    %cx, %fs
        andb    $0xfe, %al
        movl    %eax, %cr0
        movl    $0xfee00000, %ebx
        movl    $0x1ff, %fs:0xf0(%ebx)      # the APIC is on;
        movl    $0xc4500, %fs:0x300(%ebx)   # INIT to all others,
        movl    $0xc46f0, %fs:0x300(%ebx)   # and start-up
work:
        imull   $1103515245, 0x1000, %eax
        addl    %ebp, %eax
        movl    %eax, 0x1000
        incl    %edi
        testl   $0x7ffff, %edi
        jnz     work
        movl    %eax, %edx
        movb    $8, %cl
digit:
        roll    $4, %edx
        movb    %dl, %al
        andb    $15, %al
        addb    $'a', %al
        outb    %al, $0xe9
        decb    %cl
        jnz     digit
        movb    $'\n', %al
        outb    %al, $0xe9
        cmpl    $(12 << 19), %edi
        jb      work
        outb    %al, $0xf4              # isa-debug-exit: the end
        hlt
gdt:    .quad   0, 0x00cf92000000ffff
gdtr:   .word   15
        .long   0xf0000 + gdt
        .org    0xfff0
        jmp     _start                  # where the first vCPU begins
        .org    0x10000
END
run as --32 -o guest.o guest.s
run ld -m elf_i386 -e 0 -Ttext 0 --oformat binary -o firmware guest.o

export QEMU_MODULE_DIR=$usr_libraries/qemu
guest() {
  run qemu-system-x86_64 -L "$tmp/root/usr/share/qemu" -M pc -cpu qemu64 -m 2 -smp 2 \
    -nodefaults -no-user-config -display none -bios firmware \
    -accel tcg,thread=single -icount shift=3,sleep=off -seed 1 -rtc base=2026-01-01,clock=vm \
    -device isa-debug-exit,iobase=0xf4 "$@"
}
# finished OUTPUT OPTION...: a guest that runs to its end (newline, doubled and one more: 21).
finished() {
  local output=$1 code=0
  shift
  guest -debugcon "file:$output" "$@" || code=$?
  if ((code != 21)); then
    echo "a guest ended with $code, expected 21" >&2
    exit 1
  fi
}
outputs() { sha256sum "$@" | cut -d ' ' -f 1 | sort -u | wc -l; }

# A load on each CPU of the host, which virtual time is to hide.
for ((cpu = 0; cpu < $(nproc); cpu++)); do
  timeout 600 bash -c 'while :; do :; done' &
  loads+=($!)
done
for i in 1 2 3; do finished "cold$i"; done
printf 'migrate "exec:cat >state"\nquit\n' | guest -monitor stdio -debugcon file:saved >monitor || {
  echo "the guest ended before it was saved" >&2
  exit 1
}
for i in 1 2 3 4 5 6; do
  finished "restored$i" -incoming 'exec:cat state'
  finished "silent$i" -incoming 'exec:cat state' -global migration.announce-rounds=0
done

cold=$(outputs cold?) restored=$(outputs restored?) silent=$(outputs silent?)
run qemu-system-x86_64 --version | head -n 1
echo "different outputs: $cold of 3 cold guests, $restored of 6 restored ones," \
  "$silent of 6 restored with announce-rounds 0"
((cold == 1 && restored > 1 && silent == 1)) || { echo "not as seen before" >&2; exit 1; }

# SPDX-License-Identifier: Apache-2.0
"""Registers as QEMU's monitor shows them."""

from absl.testing import absltest

from ktstr.vm.registers import vcpu_registers

# as QEMU 10.0 writes them, less the registers of floating point
SHOWN = """\

CPU#0
RAX=0000000000000001 RBX=ffff88800b3a0000 RCX=0000000000000002 RDX=0000000000000003
RSI=0000000000000004 RDI=0000000000000005 RBP=0000000000000006 RSP=ffffc900001dbe08
R8 =0000000000000008 R9 =0000000000000009 R10=000000000000000a R11=000000000000000b
R12=000000000000000c R13=000000000000000d R14=000000000000000e R15=000000000000000f
RIP=ffffffff81bfd2af RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1
ES =0000 0000000000000000 ffffffff 00c00000
CS =0010 0000000000000000 ffffffff 00af9b00 DPL=0 CS64 [-RA]
SS =0018 0000000000000000 ffffffff 00cf9300 DPL=0 DS   [-WA]
DS =0000 0000000000000000 ffffffff 00c00000
FS =0000 00007f2f732f8780 ffffffff 00c00000
GS =0000 ffff88801ec00000 ffffffff 00c00000
LDT=0000 0000000000000000 00000000 00008200 DPL=0 LDT
CR0=80050033 CR2=00007f2f00000000 CR3=000000000b2f2000 CR4=00000ef0
EFER=0000000000000d01

CPU#1
RIP=0000000000562331 RFL=00000202 [-------] CPL=3 II=0 A20=1 SMM=0 HLT=0
CS =0033 0000000000000000 ffffffff 00affb00 DPL=3 CS64 [-RA]
"""


class RegistersTest(absltest.TestCase):
    def test_each_vcpu_has_its_own(self) -> None:
        first, second = vcpu_registers(SHOWN)
        self.assertEqual(first["rax"], 1)
        self.assertEqual([first[f"r{i}"] for i in range(8, 16)], list(range(8, 16)))
        self.assertEqual((first["rip"], first["rsp"]), (0xFFFFFFFF81BFD2AF, 0xFFFFC900001DBE08))
        self.assertEqual((first["eflags"], first["cs"], first["ss"]), (0x246, 0x10, 0x18))
        self.assertEqual(first["fs_base"], 0x7F2F732F8780)
        self.assertEqual(first["gs_base"], 0xFFFF88801EC00000)
        self.assertEqual((first["cr3"], first["cr4"], first["hlt"]), (0xB2F2000, 0xEF0, 1))
        self.assertEqual((second["rip"], second["cs"], second["hlt"]), (0x562331, 0x33, 0))

    def test_what_is_not_said_is_not_there(self) -> None:
        self.assertEqual(vcpu_registers(""), ())
        self.assertEqual(vcpu_registers("CPU#1\nRIP=10"), ({}, {"rip": 16}))
        self.assertEqual(vcpu_registers("unknown command: 'info registers'"), ())


if __name__ == "__main__":
    absltest.main()

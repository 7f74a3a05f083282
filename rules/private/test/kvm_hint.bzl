# SPDX-License-Identifier: Apache-2.0
"""Guesses whether `auto` will mean kvm here, so that tests reserve as many CPUs as they will use.

It decides no accelerator: that is the runner's, by a probe. A wrong guess costs time alone, and where
tests run elsewhere, `--@ktstr//rules:kvm` says what is there.
"""

visibility(["//rules"])

def _kvm_hint_impl(rctx):
    cpuinfo = rctx.path("/proc/cpuinfo")
    flags = rctx.read(cpuinfo, watch = "no") if cpuinfo.exists else ""
    virtualizes = " vmx" in flags or " svm" in flags
    likely = virtualizes and rctx.path("/dev/kvm").exists
    rctx.file("hint.bzl", "KVM_IS_LIKELY = %s\n" % likely)
    rctx.file("BUILD.bazel", "exports_files([\"hint.bzl\"])\n")

kvm_hint = repository_rule(
    implementation = _kvm_hint_impl,
    configure = True,
    doc = "A file hint.bzl with KVM_IS_LIKELY.",
    local = True,
)

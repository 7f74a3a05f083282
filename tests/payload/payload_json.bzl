# SPDX-License-Identifier: Apache-2.0
"""What a payload tells the tests that run it, as a file."""

load("//rules:providers.bzl", "PayloadInfo")

def _payload_json_impl(ctx):
    declared = ctx.actions.declare_file(ctx.label.name + ".json")
    ctx.actions.write(declared, json.encode(ctx.attr.payload[PayloadInfo].payload))
    return [DefaultInfo(files = depset([declared]))]

payload_json = rule(
    implementation = _payload_json_impl,
    attrs = {"payload": attr.label(mandatory = True, providers = [PayloadInfo])},
    doc = "Writes a payload as ktstr.model.payload.Payload has it.",
)

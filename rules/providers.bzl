# SPDX-License-Identifier: Apache-2.0
"""What ktstr's targets tell each other, for rules of your own."""

load("//rules/private/providers:disk_template_info.bzl", _DiskTemplateInfo = "DiskTemplateInfo")
load("//rules/private/providers:initramfs_info.bzl", _InitramfsInfo = "InitramfsInfo")
load("//rules/private/providers:kernel_image_info.bzl", _KernelImageInfo = "KernelImageInfo")
load("//rules/private/providers:payload_info.bzl", _PayloadInfo = "PayloadInfo")
load("//rules/private/providers:scx_scheduler_info.bzl", _ScxSchedulerInfo = "ScxSchedulerInfo")
load("//rules/private/providers:worker_info.bzl", _WorkerInfo = "WorkerInfo")

DiskTemplateInfo = _DiskTemplateInfo
InitramfsInfo = _InitramfsInfo
KernelImageInfo = _KernelImageInfo
PayloadInfo = _PayloadInfo
ScxSchedulerInfo = _ScxSchedulerInfo
WorkerInfo = _WorkerInfo

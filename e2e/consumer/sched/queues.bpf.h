/* SPDX-License-Identifier: GPL-2.0 */
#pragma once

/* The dispatch queue (DSQ) that every task waits in. */
#define QUEUE_OF_ALL 0

/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's announcements of its objects: sched_ext's root object goes once ops.exit has run,
 * so that a variable which ops.exit writes needs no polling.
 */
#ifndef KTSTR_LOADER_UEVENTS_H
#define KTSTR_LOADER_UEVENTS_H

/* A socket that is readable once an object came or went; -1 with errno. */
int uevents_open(void);

/* Reads all that is there; what it says is not looked at. */
void uevents_drain(int fd);

#endif

// SPDX-License-Identifier: Apache-2.0
/* The user and group of a worker. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "place/place.h"
#include "worker.h"

void place_identity(struct worker *w, char *out, size_t size)
{
	long uid = (long)w->opt.uid, gid = (long)w->opt.gid;

	if (uid < 0 && gid < 0)
		return;
	/* the calls themselves, not libc's: they are for this thread alone */
	if (gid >= 0 &&
	    (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, gid, gid, gid) < 0))
		worker_error(w, "gid %ld refused: %s", gid, strerror(errno));
	if (uid >= 0 && syscall(SYS_setresuid, uid, uid, uid) < 0)
		worker_error(w, "uid %ld refused: %s", uid, strerror(errno));
	/* a change of identity takes these away */
	prctl(PR_SET_DUMPABLE, 1);
	if (getpid() == gettid())
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	snprintf(out + strlen(out), size - strlen(out), " uid=%ld gid=%ld", syscall(SYS_getuid),
		 syscall(SYS_getgid));
}

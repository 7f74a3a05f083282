/* SPDX-License-Identifier: Apache-2.0 */
/* A loader that is started before it is known what it is to load. */
#ifndef KTSTR_LOADER_WAITING_H
#define KTSTR_LOADER_WAITING_H

#include "session.h"

/* Says `ready`, and takes the command line from `fd`: a line with a number of bytes, and then so
 * many, the arguments behind the program's name, each with a NUL at its end. What follows is left
 * there. The arguments live as long as the process. OUTCOME_NONE: go on with them; OUTCOME_CLEAN:
 * the input has ended, and there is nothing to load.
 */
enum outcome wait_for_arguments(int fd, int *argc, char ***argv);

#endif

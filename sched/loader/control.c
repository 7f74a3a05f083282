// SPDX-License-Identifier: Apache-2.0
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool add_byte(struct control *control, char byte, struct session *session);
static bool answer(char *line, struct session *session);
static void answer_set(char *arguments, struct session *session);
static void answer_get(const char *name, struct session *session);

bool control_read(struct control *control, int fd, struct session *session)
{
	char chunk[512];
	ssize_t count = read(fd, chunk, sizeof(chunk));
	ssize_t i;

	if (count < 0)
		return errno == EINTR || errno == EAGAIN;
	for (i = 0; i < count; i++) {
		if (!add_byte(control, chunk[i], session))
			return false;
	}
	fflush(stdout);
	return count > 0;
}

static bool add_byte(struct control *control, char byte, struct session *session)
{
	if (byte != '\n') {
		if (control->length + 1 < sizeof(control->line))
			control->line[control->length++] = byte;
		else
			control->overlong = true;
		return true;
	}
	control->line[control->length] = '\0';
	control->length = 0;
	if (control->overlong) {
		control->overlong = false;
		printf("error the line is longer than %d bytes\n", CONTROL_LINE_MAX - 1);
		return true;
	}
	return answer(control->line, session);
}

static bool answer(char *line, struct session *session)
{
	char *arguments = line;
	const char *command = strsep(&arguments, " ");

	if (!strcmp(command, "quit"))
		return false;
	if (!strcmp(command, "stat")) {
		session_print_stats(session);
		puts("ok");
	} else if (!strcmp(command, "set")) {
		answer_set(arguments, session);
	} else if (!strcmp(command, "get")) {
		answer_get(arguments, session);
	} else {
		printf("error unknown command \"%s\"; "
		       "known: set NAME VALUE, get NAME, stat, quit\n",
		       command);
	}
	return true;
}

/* The value is the rest of the line: texts may be empty or hold spaces. */
static void answer_set(char *arguments, struct session *session)
{
	char error[SESSION_ERROR_MAX];
	const char *name = strsep(&arguments, " ");

	if (!name || !*name)
		puts("error set takes NAME VALUE");
	else if (session_set(session, name, arguments ? arguments : "", error))
		puts("ok");
	else
		printf("error %s\n", error);
}

static void answer_get(const char *name, struct session *session)
{
	char error[SESSION_ERROR_MAX];
	char value[SESSION_VALUE_MAX];

	if (!name || !*name)
		puts("error get takes NAME");
	else if (session_get(session, name, value, error))
		printf("ok %s\n", value);
	else
		printf("error %s\n", error);
}

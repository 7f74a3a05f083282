// SPDX-License-Identifier: Apache-2.0
/* The earliest word a guest's user space can say: an init that writes a line to the frames port. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <termios.h>
#include <unistd.h>

int main(void)
{
	int port;

	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	port = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	if (port < 0 || write(port, "light\n", 6) != 6)
		perror("/dev/ttyS1");
	else
		tcdrain(port);
	for (;;)
		pause();
}

/*
	A template: a board program that has loaded its app and waits. Each board of a world is a copy of it (fork), since compiling the
	firmware takes most of a start. One line on stdin, one answer on stdout:

	start <pid> <in> <out> <errors>   starts a copy. Its stdin, stdout and stderr are these descriptors of process <pid>. The copy
	                                  answers its own process id when it has opened them
	end <pid>                         kills the copy <pid>; answers <pid> when its process is gone
*/
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

/* Not through stdio: the copy must find its own stdin without anything in the buffer. false at the end of the input. */
static bool readCommand(char *line, size_t size)
{
	size_t length = 0;
	while (length + 1 < size && read(0, line + length, 1) == 1)
		if (line[length++] == '\n') {
			line[length] = 0;
			return true;
		}
	return false;
}

static void takeDescriptors(int pid, const int numbers[3])
{
	static const int modes[3] = {O_RDONLY, O_WRONLY, O_RDWR | O_APPEND};
	int opened[3];
	for (int i = 0; i < 3; i++) {
		char path[64];
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, numbers[i]);
		opened[i] = open(path, modes[i]);
		if (opened[i] < 0) {
			perror(path);
			_exit(2);
		}
	}
	dprintf(1, "%d\n", (int)getpid());
	for (int i = 0; i < 3; i++) {
		dup2(opened[i], i);
		close(opened[i]);
	}
}

void templateServe(void)
{
	char line[128];
	int pid, numbers[3];
	while (readCommand(line, sizeof(line))) {
		if (sscanf(line, "start %d %d %d %d", &pid, &numbers[0], &numbers[1], &numbers[2]) == 4) {
			pid_t copy = fork();
			if (copy == 0) {
				takeDescriptors(pid, numbers);
				return;
			}
			if (copy < 0) {
				perror("fork");
				exit(2);
			}
		}
		else if (sscanf(line, "end %d", &pid) == 1) {
			kill(pid, SIGKILL);
			waitpid(pid, NULL, 0);
			dprintf(1, "%d\n", pid);
		}
	}
	exit(0);
}

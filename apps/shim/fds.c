/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which descriptors are carried sockets, and libc's own functions. The table is indexed by number;
 * a program that uses one descriptor from two threads at once has the kernel's guarantees only.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "shim.h"

#define FDS 4096

static struct shim_fd fds[FDS];
static struct shim_real real;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#define LOOKUP(name)                                       \
	do {                                               \
		void *p = dlsym(RTLD_NEXT, #name);         \
		memcpy(&real.name, &p, sizeof(real.name)); \
	} while (0)

static void look_up(void)
{
	LOOKUP(socket);
	LOOKUP(bind);
	LOOKUP(connect);
	LOOKUP(getsockname);
	LOOKUP(setsockopt);
	LOOKUP(getsockopt);
	LOOKUP(sendmsg);
	LOOKUP(recvmsg);
	LOOKUP(send);
	LOOKUP(recv);
	LOOKUP(sendto);
	LOOKUP(recvfrom);
	LOOKUP(read);
	LOOKUP(write);
	LOOKUP(close);
	LOOKUP(dup);
	LOOKUP(dup2);
	LOOKUP(dup3);
	LOOKUP(open);
	LOOKUP(openat);
	LOOKUP(ioctl);
	LOOKUP(opendir);
	LOOKUP(readdir);
	LOOKUP(closedir);
}

const struct shim_real *shim_real(void)
{
	pthread_once(&once, look_up);
	return &real;
}

struct shim_fd *shim_find(int fd)
{
	if (fd < 0 || fd >= FDS || !fds[fd].carried)
		return NULL;
	return &fds[fd];
}

int shim_carry(int fd, uint32_t port)
{
	if (fd < 0 || fd >= FDS)
		return -1;
	fds[fd] = (struct shim_fd){ .carried = true, .port = port };
	return 0;
}

void shim_forget(int fd)
{
	if (fd >= 0 && fd < FDS)
		fds[fd].carried = false;
}

void shim_copy(int fd, int to)
{
	if (to < 0 || to >= FDS || fd == to)
		return;
	if (fd >= 0 && fd < FDS)
		fds[to] = fds[fd];
	else
		fds[to].carried = false;
}

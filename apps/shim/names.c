/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names: of links (if_nametoindex and its ioctls), asked from the daemon; of tenants, where a
 * program looks for named network namespaces: /run/netns/NAME is a tenant's descriptor, and the
 * folder lists tenants.
 */
#undef _FILE_OFFSET_BITS /* both variants of the names are defined here */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "apps/control/control.h"
#include "shim.h"

static bool in_tenant(void)
{
	return getenv("NSPLANE_NETNS") != NULL;
}

/** struct link_ask - RTM_GETLINK for one link */
struct link_ask {
	struct nlmsghdr nlh;
	struct ifinfomsg m;
	struct rtattr attr;
	char name[IF_NAMESIZE];
};

/* Fills in whichever of the two is not known. */
static int ask_link(unsigned int *index, char *name)
{
	struct link_ask ask = { .nlh = { .nlmsg_type = RTM_GETLINK,
					 .nlmsg_flags = NLM_F_REQUEST } };
	char answer[8192] __attribute__((aligned(8)));
	struct nlmsghdr *nlh = (struct nlmsghdr *)answer;
	const struct ifinfomsg *m = NLMSG_DATA(nlh);
	struct rtattr *a;
	int n, left;

	ask.nlh.nlmsg_len = NLMSG_LENGTH(sizeof(ask.m));
	ask.m.ifi_index = (int)*index;
	if (!*index) {
		ask.attr.rta_type = IFLA_IFNAME;
		ask.attr.rta_len = RTA_LENGTH(IF_NAMESIZE);
		memcpy(ask.name, name, strnlen(name, IF_NAMESIZE - 1));
		ask.nlh.nlmsg_len = sizeof(ask);
	}
	n = shim_ask(&ask, ask.nlh.nlmsg_len, answer, sizeof(answer));
	if (n < (int)NLMSG_LENGTH(sizeof(*m)) || nlh->nlmsg_type != RTM_NEWLINK)
		return -1;
	*index = (unsigned int)m->ifi_index;
	left = (int)(nlh->nlmsg_len - NLMSG_LENGTH(sizeof(*m)));
	for (a = IFLA_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == IFLA_IFNAME)
			memcpy(name, RTA_DATA(a),
			       RTA_PAYLOAD(a) < IF_NAMESIZE ? RTA_PAYLOAD(a) : IF_NAMESIZE);
	return 0;
}

SHIM_EXPORT unsigned int if_nametoindex(const char *ifname)
{
	char name[IF_NAMESIZE] = "";
	unsigned int index = 0;

	if (strlen(ifname) >= IF_NAMESIZE) {
		errno = ENODEV;
		return 0;
	}
	memcpy(name, ifname, strlen(ifname));
	if (ask_link(&index, name) == 0)
		return index;
	errno = ENODEV;
	return 0;
}

SHIM_EXPORT char *if_indextoname(unsigned int ifindex, char ifname[IF_NAMESIZE])
{
	char name[IF_NAMESIZE] = "";
	unsigned int index = ifindex;

	if (ifindex == 0 || ask_link(&index, name) != 0) {
		errno = ENXIO;
		return NULL;
	}
	memcpy(ifname, name, IF_NAMESIZE);
	return ifname;
}

SHIM_EXPORT int ioctl(int fd, unsigned long request, ...)
{
	struct ifreq *ifr;
	unsigned int index;
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (!in_tenant() || (request != SIOCGIFINDEX && request != SIOCGIFNAME))
		return shim_real()->ioctl(fd, request, arg);
	ifr = arg;
	index = request == SIOCGIFINDEX ? 0 : (unsigned int)ifr->ifr_ifindex;
	ifr->ifr_name[IF_NAMESIZE - 1] = 0;
	if (ask_link(&index, ifr->ifr_name) != 0) {
		errno = ENODEV;
		return -1;
	}
	if (request == SIOCGIFINDEX)
		ifr->ifr_ifindex = (int)index;
	return 0;
}

/* ---- tenants as files ---- */

/* The tenant that @path names; NULL: none. */
static const char *tenant_of(const char *path)
{
	static const char *const dirs[] = { "/var/run/netns", "/run/netns" };
	size_t i, n;

	for (i = 0; in_tenant() && i < 2; i++) {
		n = strlen(dirs[i]);
		if (strncmp(path, dirs[i], n) == 0 && (path[n] == '/' || path[n] == 0))
			return path[n] ? path + n + 1 : "";
	}
	return NULL;
}

static int open_any(int dir, const char *path, int flags, mode_t mode)
{
	const char *name = path ? tenant_of(path) : NULL;

	if (name && *name && !(flags & (O_CREAT | O_DIRECTORY)))
		return shim_open_netns(name);
	if (dir == AT_FDCWD)
		return shim_real()->open(path, flags, mode);
	return shim_real()->openat(dir, path, flags, mode);
}

#define WITH_MODE(flags)                                        \
	mode_t mode = 0;                                        \
	va_list ap;                                             \
                                                                \
	if ((flags) & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) { \
		va_start(ap, flags);                            \
		mode = va_arg(ap, mode_t);                      \
		va_end(ap);                                     \
	}

SHIM_EXPORT int open(const char *path, int flags, ...)
{
	WITH_MODE(flags)
	return open_any(AT_FDCWD, path, flags, mode);
}

SHIM_EXPORT int open64(const char *path, int flags, ...)
{
	WITH_MODE(flags)
	return open_any(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

SHIM_EXPORT int openat(int dir, const char *path, int flags, ...)
{
	WITH_MODE(flags)
	return open_any(dir, path, flags, mode);
}

SHIM_EXPORT int openat64(int dir, const char *path, int flags, ...)
{
	WITH_MODE(flags)
	return open_any(dir, path, flags | O_LARGEFILE, mode);
}

/** struct names - the folder of tenants, as a list of names that the daemon gave */
struct names {
	struct names *next;
	struct dirent entry;
	int fd;          /* session with the daemon */
	char *text, *at; /* JSON of the list */
};

static struct names *open_lists;

static char *list_text(void)
{
	static const char words[] = "netns\0list";
	struct {
		struct nlmsghdr nlh;
		char words[sizeof(words)];
	} ask = { .nlh = { .nlmsg_type = NSP_WORDS, .nlmsg_flags = NLM_F_REQUEST } };
	char *text = NULL, *more, buf[65536] __attribute__((aligned(8)));
	const struct nlmsghdr *nlh, *nlh_last;
	bool last = false;
	size_t len = 0, add;
	int fd = shim_connect(SOCK_CLOEXEC, 0);
	ssize_t n;

	if (fd < 0)
		return NULL;
	ask.nlh.nlmsg_len = sizeof(ask.nlh) + sizeof(words);
	memcpy(ask.words, words, sizeof(words));
	n = shim_real()->send(fd, &ask, ask.nlh.nlmsg_len, MSG_NOSIGNAL);
	while (n > 0 && !last) {
		n = shim_real()->recv(fd, buf, sizeof(buf), 0);
		nlh = (const struct nlmsghdr *)buf;
		if (n < (ssize_t)sizeof(*nlh) || nlh->nlmsg_type != NSP_TEXT)
			break;
		if (nlh->nlmsg_len < n) { /* the end of the dump lies behind */
			nlh_last = (const struct nlmsghdr *)(buf + NLMSG_ALIGN(nlh->nlmsg_len));
			last = nlh_last->nlmsg_type == NLMSG_DONE;
		}
		add = nlh->nlmsg_len - sizeof(*nlh);
		more = realloc(text, len + add + 1);
		if (!more)
			break;
		text = more;
		memcpy(text + len, nlh + 1, add);
		len += add;
		text[len] = 0;
	}
	shim_real()->close(fd);
	return text;
}

static struct names *list_of(const void *dir)
{
	struct names *l;

	for (l = open_lists; l; l = l->next)
		if (l == dir)
			return l;
	return NULL;
}

SHIM_EXPORT DIR *opendir(const char *path)
{
	const char *name = tenant_of(path);
	struct names *l;

	if (!name || *name)
		return shim_real()->opendir(path);
	l = calloc(1, sizeof(*l));
	if (!l)
		return NULL;
	l->text = l->at = list_text();
	l->next = open_lists;
	open_lists = l;
	return (DIR *)l;
}

/* The next "name":"..." of the list; names with escapes in them are left out */
static struct dirent *next_name(struct names *l)
{
	static const char key[] = "{\"name\":\"";
	char *end;

	while (l->at && (l->at = strstr(l->at, key))) {
		l->at += sizeof(key) - 1;
		end = strchr(l->at, '"');
		if (!end || end == l->at || (size_t)(end - l->at) >= sizeof(l->entry.d_name) ||
		    memchr(l->at, '\\', (size_t)(end - l->at)))
			continue;
		memcpy(l->entry.d_name, l->at, (size_t)(end - l->at));
		l->entry.d_name[end - l->at] = 0;
		l->at = end;
		if (strcmp(l->entry.d_name, "root") == 0)
			continue;
		l->entry.d_type = DT_REG;
		return &l->entry;
	}
	return NULL;
}

SHIM_EXPORT struct dirent *readdir(DIR *dir)
{
	struct names *l = list_of(dir);

	return l ? next_name(l) : shim_real()->readdir(dir);
}

/* The same layout on the 64-bit machines that DPDK runs on */
SHIM_EXPORT struct dirent64 *readdir64(DIR *dir)
{
	return (struct dirent64 *)readdir(dir);
}

SHIM_EXPORT int closedir(DIR *dir)
{
	struct names *l = list_of(dir), **at = &open_lists;

	if (!l)
		return shim_real()->closedir(dir);
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free(l->text);
	free(l);
	return 0;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Creators: make tenants, single and many, with and without names, keep some for a while, use
 * everything that a holder of a reference may use, and put them. Each is the only one who names
 * its tenants, so it knows what lookups by name must find.
 */
#include "roles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OWNED 200u /* tenants that one creator keeps at a time */
#define MANY  48u

uint64_t handles[HANDLES];
uint64_t refused;

struct creator {
	struct torture_thread *self;
	struct netns *ns[OWNED];
	char name[OWNED][48]; /* "" without */
	unsigned int n;
	uint64_t serial; /* of names */
};

static bool expected_error(int err)
{
	/* -EIO: a module's own */
	if (err == -EAGAIN)
		__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
	return err == -EAGAIN || err == -EIO;
}

static void own(struct creator *c, struct netns *ns, const char *name)
{
	CHECK(netns_is_alive(ns), "a new tenant is dead");
	snprintf(c->name[c->n], sizeof(c->name[0]), "%s", name);
	c->ns[c->n++] = ns;
	handle_save(c->self, ns);
}

static void new_name(struct creator *c, char *buf, size_t size)
{
	snprintf(buf, size, "%s-%llu", c->self->name, (unsigned long long)++c->serial);
}

static void create_one(struct creator *c)
{
	struct netns_config config = { .owner_uid = 1000, .flags = NETNS_CONFIG_OWNER };
	struct netns *ns = NULL;
	char name[48] = "";
	int err;

	if (c->n >= OWNED)
		return;
	if (torture_one_in(c->self, 2)) {
		new_name(c, name, sizeof(name));
		config.name = name;
	}
	if (torture_one_in(c->self, 4)) {
		config.flags |= NETNS_CONFIG_QUOTA;
		config.quota[NETNS_QUOTA_BYTES] = 1 << 20;
		config.quota[NETNS_QUOTA_LINKS] = 10;
		config.quota[NETNS_QUOTA_ROUTES] = 10;
		config.quota[NETNS_QUOTA_NEIGHS] = 10;
	}
	err = netns_create(torture_one_in(c->self, 8) ? NULL : &config, &ns);
	if (err != 0) {
		CHECK(expected_error(err) && ns == NULL, "create: %d", err);
		return;
	}
	own(c, ns, netns_name(ns) ? netns_name(ns) : "");
}

static void create_many(struct creator *c)
{
	struct netns *ns[MANY] = { NULL };
	unsigned int i, n = 1 + (unsigned int)torture_random(c->self, MANY);
	int err;

	if (c->n + n > OWNED)
		return;
	err = netns_create_many(NULL, n, ns);
	if (err != 0) {
		CHECK(expected_error(err) && ns[0] == NULL, "create_many: %d", err);
		return;
	}
	for (i = 0; i < n; i++)
		own(c, ns[i], "");
}

static void disown(struct creator *c, unsigned int i)
{
	c->n--;
	c->ns[i] = c->ns[c->n];
	memcpy(c->name[i], c->name[c->n], sizeof(c->name[0]));
}

static void put_some(struct creator *c, unsigned int n)
{
	struct netns *ns[OWNED];
	unsigned int i;

	n = n < c->n ? n : c->n;
	for (i = 0; i < n; i++) {
		unsigned int k = (unsigned int)torture_random(c->self, c->n);

		ns[i] = c->ns[k];
		disown(c, k);
	}
	if (n == 1)
		netns_put(ns[0]);
	else
		netns_put_many(ns, n);
}

static void use_name(struct creator *c, unsigned int i)
{
	struct netns *ns = c->ns[i], *found;
	char name[48];
	int err;

	if (c->name[i][0] != '\0') {
		found = netns_find_by_name(c->name[i]);
		CHECK(found == ns, "'%s' leads elsewhere", c->name[i]);
		netns_put(found);
		err = netns_create(&(struct netns_config){ .name = c->name[i] }, &found);
		CHECK(err == -EEXIST || expected_error(err), "a name twice: %d", err);
	}
	if (torture_one_in(c->self, 3)) {
		CHECK(netns_name_set(ns, NULL) == 0, "a name cannot be taken away");
		c->name[i][0] = '\0';
		return;
	}
	new_name(c, name, sizeof(name));
	CHECK(netns_name_set(ns, name) == 0, "'%s' is not given", name);
	snprintf(c->name[i], sizeof(c->name[0]), "%s", name);
}

static void use_memory(struct creator *c, unsigned int i)
{
	size_t size = sizeof(uint64_t) + torture_random(c->self, 4000);
	uint64_t limit, used, *p;

	CHECK(netns_quota_get(c->ns[i], NETNS_QUOTA_BYTES, &limit, &used) == 0, "no quota");
	CHECK(netns_quota_set(c->ns[i], NETNS_QUOTA_BYTES, 1 + torture_random(c->self, 1 << 21)) ==
		      0,
	      "quota is not set");
	p = netns_mem_alloc(c->ns[i], size);
	if (p == NULL) {
		CHECK(errno == EDQUOT, "no memory: %d", errno);
	} else {
		CHECK(((uintptr_t)p & 63) == 0, "memory at %p is not aligned", (void *)p);
		CHECK(p[0] == 0, "%zu bytes at %p are dirty: %#llx", size, (void *)p,
		      (unsigned long long)p[0]);
		memset(p, 0x5a, size);
		netns_mem_free(c->ns[i], p, size);
	}
	CHECK(netns_quota_set(c->ns[i], NETNS_QUOTA_BYTES, limit) == 0, "quota is not put back");
}

static void use_fd(struct creator *c, unsigned int i)
{
	struct netns *ns = c->ns[i], *found = NULL;
	uint64_t h = netns_handle(ns);
	int copy, fd = netns_open_fd(ns);

	CHECK(fd >= 0, "no descriptor: %d", fd);
	CHECK(netns_find_by_fd(fd, &found) == 0 && found == ns, "a descriptor leads elsewhere");
	netns_put(found);
	if (torture_one_in(c->self, 2)) {
		/* the copy alone keeps it alive */
		copy = dup(fd);
		close(fd);
		fd = copy;
		disown(c, i);
		netns_put(ns);
		found = NULL;
		CHECK(fd < 0 || (netns_find_by_fd(fd, &found) == 0 && netns_handle(found) == h),
		      "a copied descriptor does not keep its tenant");
		netns_put(found);
	}
	if (fd >= 0)
		close(fd);
}

static void use_session(struct creator *c, unsigned int i)
{
	struct netns_cred root = { .uid = 0 }, other = { .uid = 4242, .gid = 4242 };
	struct netns_session *session;
	struct netns *in;
	pid_t pid = (pid_t)(1000000 + 1000 * c->self->number + torture_random(c->self, 100));

	CHECK(netns_session_open(pid, &root, &session) == 0, "no session");
	CHECK(netns_session_enter(session, &other, c->ns[i]) == -EPERM, "anybody may enter");
	CHECK(netns_session_enter(session, &root, c->ns[i]) == 0, "root may not enter");
	in = netns_session_netns(session);
	CHECK(in == c->ns[i], "the session is elsewhere");
	netns_put(in);
	CHECK(netns_find_by_pid(pid, &in) == 0 && in == c->ns[i], "the pid leads elsewhere");
	netns_put(in);
	netns_session_close(session);
}

static void use(struct creator *c)
{
	unsigned int i;

	if (c->n == 0)
		return;
	i = (unsigned int)torture_random(c->self, c->n);
	CHECK(netns_is_alive(c->ns[i]), "a referenced tenant died");
	switch (torture_random(c->self, 8)) {
	case 0:
		use_fd(c, i);
		break;
	case 1:
		use_session(c, i);
		break;
	case 2:
	case 3:
		use_memory(c, i);
		break;
	case 4:
		netns_put(netns_get(c->ns[i]));
		break;
	default:
		use_name(c, i);
		break;
	}
}

void role_creator(struct torture_thread *self)
{
	struct creator *c = calloc(1, sizeof(*c));

	CHECK(c != NULL, "out of memory");
	c->self = self;
	while (torture_running()) {
		self->rounds++;
		switch (torture_random(self, 8)) {
		case 0:
			create_many(c);
			break;
		case 1:
		case 2:
			create_one(c);
			break;
		case 3:
			put_some(c, 1);
			break;
		case 4:
			put_some(c, (unsigned int)torture_random(self, MANY));
			break;
		default:
			use(c);
			break;
		}
	}
	put_some(c, OWNED);
	free(c);
}

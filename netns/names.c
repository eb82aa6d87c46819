/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of tenants: a lock-free hash table of liburcu, salted from getrandom(2). Filled by
 * create.c, emptied by whoever puts the last reference; looked up by any thread.
 *
 * Rules: an entry in the table whose owner is NULL is a reservation: its name is taken, but not
 * found. Entries leave the table when the tenant starts dying and are freed with the tenant; one
 * that a rename replaced is freed after a grace period. name_lock orders renames of one tenant; the
 * last put needs no lock, as a rename holds a reference.
 */
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "arena.h"
#include "lfht.h"
#include "names.h"
#include "rcu.h"
#include "tenant.h"

struct name_entry {
	struct cds_lfht_node node;
	struct netns_defer defer; /* after a rename or a cancelled reservation */
	struct tenant *owner;     /* w:control (release) r:any (acquire); NULL: reserved */
	uint32_t len;             /* bytes, without the 0 */
	char text[];
};

static struct lfht names;
static uint64_t salt[2]; /* const while the library runs */
static struct netns_mutex name_lock = NETNS_MUTEX_INIT;

static inline uint64_t rotl(uint64_t x, unsigned int n)
{
	return x << n | x >> (64 - n);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] = rotl(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] = rotl(v[2], 32);
}

/* SipHash-1-3: names come from users, who must not be able to choose their bucket. */
static uint64_t name_hash(const char *name, size_t len)
{
	uint64_t v[4] = { salt[0] ^ 0x736f6d6570736575u, salt[1] ^ 0x646f72616e646f6du,
			  salt[0] ^ 0x6c7967656e657261u, salt[1] ^ 0x7465646279746573u };
	uint64_t word;
	size_t i;

	for (i = 0; i + 8 <= len; i += 8) {
		memcpy(&word, name + i, 8);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	memcpy(&word, name + i, len - i);
	word |= (uint64_t)len << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static struct name_entry *entry_of(struct cds_lfht_node *node)
{
	return (struct name_entry *)node; /* its first member */
}

static size_t entry_bytes(const struct name_entry *e)
{
	return sizeof(*e) + e->len + 1;
}

static int match(struct cds_lfht_node *node, const void *name)
{
	return strcmp(entry_of(node)->text, name) == 0;
}

int names_init(void)
{
	if (getrandom(salt, sizeof(salt), 0) != (ssize_t)sizeof(salt))
		return -EAGAIN;
	return lfht_init(&names, 1024);
}

void names_fini(void)
{
	if (lfht_fini(&names) != 0)
		netns_log(0, "names are left in the name table");
}

int name_check(const char *name)
{
	size_t len = strnlen(name, NETNS_NAME_MAX + 1);

	if (len == 0 || len > NETNS_NAME_MAX || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    memchr(name, '/', len) != NULL)
		return -EINVAL;
	return 0;
}

/* New entry in the table, @owner NULL: not to be found yet. Read section held. */
static int entry_add(const char *name, int node, struct tenant *owner, struct name_entry **ret_e)
{
	size_t len = strlen(name);
	struct name_entry *e = arena_alloc(node, sizeof(*e) + len + 1);

	if (e == NULL)
		return -ENOMEM;
	memset(e, 0, sizeof(*e));
	cds_lfht_node_init(&e->node);
	e->owner = owner;
	e->len = (uint32_t)len;
	memcpy(e->text, name, len + 1);
	if (cds_lfht_add_unique(names.table, name_hash(name, len), match, name, &e->node) !=
	    &e->node) {
		arena_free(e, entry_bytes(e));
		return -EEXIST;
	}
	lfht_added(&names);
	*ret_e = e;
	return 0;
}

static void entry_reclaim(struct netns_defer *defer)
{
	struct name_entry *e =
		(struct name_entry *)((char *)defer - offsetof(struct name_entry, defer));

	arena_free(e, entry_bytes(e));
}

/* Out of the table, free after a grace period. */
static void entry_retire(struct name_entry *e)
{
	bool token = rcu_enter();

	cds_lfht_del(names.table, &e->node);
	lfht_deleted(&names);
	rcu_leave(token);
	netns_defer(&e->defer, entry_reclaim, entry_bytes(e));
}

int name_reserve(struct tenant *t, const char *name)
{
	bool token = rcu_enter();
	int err = entry_add(name, (int)t->pub.numa_node, NULL, &t->name);

	rcu_leave(token);
	return err;
}

void name_publish(struct tenant *t)
{
	/* pairs with the acquire in netns_find_by_name() */
	__atomic_store_n(&t->name->owner, t, __ATOMIC_RELEASE);
}

void name_forget(struct tenant *t)
{
	bool token = rcu_enter();

	cds_lfht_del(names.table, &t->name->node);
	lfht_deleted(&names);
	rcu_leave(token);
}

void name_free(struct tenant *t)
{
	arena_free(t->name, entry_bytes(t->name));
	t->name = NULL;
}

void name_cancel(struct tenant *t)
{
	entry_retire(t->name);
	t->name = NULL;
}

struct netns *netns_find_by_name(const char *name)
{
	struct cds_lfht_iter iter;
	struct netns *ns = NULL;
	struct tenant *t = NULL;
	size_t len = name != NULL ? strnlen(name, NETNS_NAME_MAX + 1) : 0;
	bool token;

	if (len == 0 || len > NETNS_NAME_MAX || names.table == NULL)
		return NULL;
	token = rcu_enter();
	cds_lfht_lookup(names.table, name_hash(name, len), match, name, &iter);
	if (cds_lfht_iter_get_node(&iter) != NULL)
		t = __atomic_load_n(&entry_of(iter.node)->owner, __ATOMIC_ACQUIRE);
	if (t != NULL && netns_tryget(&t->pub))
		ns = &t->pub;
	rcu_leave(token);
	return ns;
}

const char *netns_name(const struct netns *ns)
{
	struct name_entry *e = __atomic_load_n(&tenant_of(ns)->name, __ATOMIC_ACQUIRE);

	return e != NULL ? e->text : NULL;
}

int netns_name_copy(const struct netns *ns, char *buf, size_t size)
{
	bool token = rcu_enter();
	const struct name_entry *e = __atomic_load_n(&tenant_of(ns)->name, __ATOMIC_ACQUIRE);
	int err = 0;

	if (e == NULL)
		err = -ENOENT;
	else if (e->len >= size)
		err = -ENOSPC;
	else
		memcpy(buf, e->text, e->len + 1);
	rcu_leave(token);
	return err;
}

static int rename_locked(struct tenant *t, const char *name) TS_REQUIRES(name_lock)
{
	struct name_entry *e = NULL, *old = t->name;
	bool token;
	int err = 0;

	if (old != NULL && name != NULL && strcmp(old->text, name) == 0)
		return 0;
	if (name != NULL) {
		token = rcu_enter();
		err = entry_add(name, (int)t->pub.numa_node, t, &e);
		rcu_leave(token);
	}
	if (err != 0)
		return err;
	/* pairs with the acquire in netns_name() */
	__atomic_store_n(&t->name, e, __ATOMIC_RELEASE);
	if (old != NULL)
		entry_retire(old);
	return 0;
}

int netns_name_set(struct netns *ns, const char *name)
{
	struct tenant *t = tenant_of(ns);
	int err;

	if (name != NULL && name_check(name) != 0)
		return -EINVAL;
	/* the name before waits for its readers: they must not be outrun */
	err = netns_throttle();
	if (err != 0)
		return err;
	/* holding a reference keeps the last put, which takes the name out, away */
	if (!netns_tryget(ns))
		return -ENOENT;
	netns_mutex_lock(&name_lock);
	err = __atomic_load_n(&t->state, __ATOMIC_ACQUIRE) == TENANT_LIVE ? rename_locked(t, name)
									  : -ENOENT;
	netns_mutex_unlock(&name_lock);
	netns_put(ns);
	return err;
}

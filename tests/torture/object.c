/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callbacks of the torture's modules and the readers' look at their data.
 *
 * init finds zeroed data and marks it alive with its owner and age; exit finds exactly that and
 * marks it dead, while the memory is still there. A reader that meets anything but "alive, of this
 * tenant, of this registration" has found a mistake of the library.
 */
#include "object.h"

#include <errno.h>
#include <string.h>

struct module modules[OBJECT_MODULES];
uint64_t object_fail_one_in;
static uint64_t epochs; /* atomic */

static uint64_t age_of(const struct module *m, uint64_t epoch)
{
	return epoch << 8 | m->number;
}

/* What a value module keeps: never 0. */
static uint64_t value_of(const struct module *m, uint64_t epoch, uint64_t handle)
{
	return (handle * 0x9e3779b97f4a7c15ull ^ age_of(m, epoch)) | 1;
}

static uint64_t count(uint64_t *counter)
{
	return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

static void object_open(struct object *o, struct netns *ns, struct module *m)
{
	static const struct object zero;

	CHECK(memcmp(o, &zero, sizeof(zero)) == 0, "module %u: data is not zeroed in init",
	      m->number);
	o->owner = netns_handle(ns);
	o->age = age_of(m, m->epoch);
	__atomic_store_n(&o->state, OBJECT_ALIVE, __ATOMIC_RELEASE);
}

static void object_look(const struct object *o, struct netns *ns, const struct module *m,
			uint64_t epoch, const char *who)
{
	uint64_t state = __atomic_load_n(&o->state, __ATOMIC_ACQUIRE);

	CHECK(state == OBJECT_ALIVE, "%s: module %u, tenant %#llx: state word %#llx", who,
	      m->number, (unsigned long long)netns_handle(ns), (unsigned long long)state);
	CHECK(o->owner == netns_handle(ns), "%s: module %u: data of tenant %#llx met in %#llx", who,
	      m->number, (unsigned long long)o->owner, (unsigned long long)netns_handle(ns));
	CHECK(o->age == age_of(m, epoch), "%s: module %u: data of age %#llx, not %#llx", who,
	      m->number, (unsigned long long)o->age, (unsigned long long)age_of(m, epoch));
}

static int module_init(struct netns *ns, struct module *m)
{
	uint64_t one_in = __atomic_load_n(&object_fail_one_in, __ATOMIC_RELAXED);
	const struct netns_lcore_area *area;
	unsigned int i;

	/* a failed init is not followed by an exit: leave the data as it was */
	if (count(&m->inits) * 0x9e3779b97f4a7c15ull >> 32 < (one_in ? (1ull << 32) / one_in : 0)) {
		count(&m->failed);
		return -EIO;
	}
	if (m->kind == OBJECT_VALUE) {
		CHECK(netns_value(ns, m->id) == 0, "module %u: value is not 0 in init", m->number);
		netns_value_set(ns, m->id, value_of(m, m->epoch, netns_handle(ns)));
		return 0;
	}
	if (m->kind != OBJECT_LCORE) {
		CHECK(netns_generic(ns, m->id) != NULL, "module %u: no data in init", m->number);
		object_open(netns_generic(ns, m->id), ns, m);
	}
	if (m->kind == OBJECT_LCORE || m->kind == OBJECT_BOTH) {
		area = netns_lcore_area(&m->ops);
		CHECK(area != NULL, "module %u: no lcore area in init", m->number);
		for (i = 0; i < OBJECT_LCORES; i++)
			object_open(netns_lcore(area, i, ns->index), ns, m);
	}
	return 0;
}

static void module_pre_exit(struct netns *ns, struct module *m)
{
	if (__atomic_load_n(&m->leaving, __ATOMIC_ACQUIRE))
		__atomic_store_n(&m->open, 0, __ATOMIC_RELEASE);
	if (m->kind == OBJECT_POINTER || m->kind == OBJECT_BOTH)
		object_look(netns_generic(ns, m->id), ns, m, m->epoch, "pre_exit");
}

static void module_exit(struct netns *ns, struct module *m)
{
	const struct netns_lcore_area *area;
	struct object *o;
	unsigned int i;

	count(&m->exits);
	if (m->kind == OBJECT_VALUE) {
		CHECK(netns_value(ns, m->id) == value_of(m, m->epoch, netns_handle(ns)),
		      "exit: module %u: foreign value", m->number);
		return;
	}
	if (m->kind != OBJECT_LCORE) {
		o = netns_generic(ns, m->id);
		CHECK(o != NULL, "exit: module %u: the data is gone", m->number);
		object_look(o, ns, m, m->epoch, "exit");
		__atomic_store_n(&o->state, OBJECT_DEAD, __ATOMIC_RELEASE);
	}
	if (m->kind == OBJECT_LCORE || m->kind == OBJECT_BOTH) {
		area = netns_lcore_area(&m->ops);
		for (i = 0; i < OBJECT_LCORES; i++) {
			o = netns_lcore(area, i, ns->index);
			object_look(o, ns, m, m->epoch, "exit, lcore");
			__atomic_store_n(&o->state, OBJECT_DEAD, __ATOMIC_RELEASE);
		}
	}
}

static void module_exit_batch(struct netns_batch *batch, struct module *m)
{
	unsigned int n = 0;
	struct netns *ns;

	netns_batch_foreach (batch, ns)
		n++;
	CHECK(n == netns_batch_count(batch) && n > 0, "exit_batch: %u tenants, said to be %u", n,
	      netns_batch_count(batch));
	__atomic_add_fetch(&m->batch, n, __ATOMIC_RELAXED);
}

/* Operations carry no argument, so each module has functions of its own. */
#define EACH(X) \
	X(0)    \
	X(1)    \
	X(2)    \
	X(3)    \
	X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19)

#define FUNCTIONS(k)                                          \
	static int init_##k(struct netns *ns)                 \
	{                                                     \
		return module_init(ns, &modules[k]);          \
	}                                                     \
	static void pre_exit_##k(struct netns *ns)            \
	{                                                     \
		module_pre_exit(ns, &modules[k]);             \
	}                                                     \
	static void exit_##k(struct netns *ns)                \
	{                                                     \
		module_exit(ns, &modules[k]);                 \
	}                                                     \
	static void exit_batch_##k(struct netns_batch *batch) \
	{                                                     \
		module_exit_batch(batch, &modules[k]);        \
	}
EACH(FUNCTIONS)

#define OPS(k)                      \
	{ .name = "torture-" #k,    \
	  .init = init_##k,         \
	  .pre_exit = pre_exit_##k, \
	  .exit = exit_##k,         \
	  .exit_batch = exit_batch_##k },
static const struct netns_ops callbacks[OBJECT_MODULES] = { EACH(OPS) };

static unsigned int filler_id[OBJECT_FILLERS];
static struct netns_ops fillers[OBJECT_FILLERS];

void object_setup(void)
{
	unsigned int i;

	for (i = 0; i < OBJECT_FILLERS; i++) {
		fillers[i] = (struct netns_ops){
			.name = "filler",
			.id = &filler_id[i],
			.flags = NETNS_OPS_VALUE,
		};
		CHECK(netns_subsys_register(&fillers[i]) == 0, "filler %u", i);
	}

	for (i = 0; i < OBJECT_MODULES; i++) {
		struct module *m = &modules[i];

		m->number = i;
		m->kind = i % OBJECT_KINDS;
		m->ops = callbacks[i];
		if (m->kind != OBJECT_LCORE)
			m->ops.id = &m->id;
		if (m->kind == OBJECT_VALUE)
			m->ops.flags = NETNS_OPS_VALUE;
		else if (m->kind != OBJECT_LCORE)
			m->ops.size = sizeof(struct object) + 64 * (i % 3);
		if (m->kind == OBJECT_LCORE || m->kind == OBJECT_BOTH)
			m->ops.lcore_size = sizeof(struct object);
	}
}

void object_check_end(void)
{
	unsigned int i;

	for (i = 0; i < OBJECT_MODULES; i++) {
		struct module *m = &modules[i];

		CHECK(m->inits - m->failed == m->exits, "module %u: %llu inits, %llu exits", i,
		      (unsigned long long)(m->inits - m->failed), (unsigned long long)m->exits);
		CHECK(m->batch == m->exits, "module %u: %llu exits, %llu in batches", i,
		      (unsigned long long)m->exits, (unsigned long long)m->batch);
	}
	for (i = 0; i < OBJECT_FILLERS; i++)
		CHECK(netns_subsys_unregister(&fillers[i]) == 0, "filler %u", i);
}

int object_register(struct module *m, bool device)
{
	int err;

	m->epoch = count(&epochs);
	m->leaving = 0;
	err = device ? netns_device_register(&m->ops) : netns_subsys_register(&m->ops);
	if (err != 0) {
		CHECK(m->ops.id == NULL || m->id == ~0u, "module %u: id %u after failure",
		      m->number, m->id);
		return err;
	}
	if (m->ops.lcore_size != 0)
		__atomic_store_n(&m->area, netns_lcore_area(&m->ops), __ATOMIC_RELEASE);
	/* pairs with the acquire of readers: what init wrote is visible to those who see it */
	__atomic_store_n(&m->open, m->epoch << 32 | ((m->ops.id ? m->id : 0) + 1),
			 __ATOMIC_RELEASE);
	return 0;
}

void object_unregister(struct module *m)
{
	int err;

	__atomic_store_n(&m->leaving, 1, __ATOMIC_RELEASE);
	err = netns_subsys_unregister(&m->ops);
	CHECK(err == 0, "module %u: unregistering says %d", m->number, err);
	CHECK(m->open == 0, "module %u: pre_exit never ran", m->number);
	CHECK(m->ops.id == NULL || m->id == ~0u, "module %u: id %u afterwards", m->number, m->id);
}

bool object_check(struct netns *ns, struct module *m, uint64_t open, unsigned int lcore)
{
	unsigned int id = (unsigned int)(open & 0xffffffffu) - 1;
	const struct netns_lcore_area *area;
	uint64_t epoch = open >> 32, value;
	struct object *o;

	if (open == 0)
		return false;
	if (m->kind == OBJECT_VALUE) {
		value = netns_value(ns, id);
		CHECK(value == value_of(m, epoch, netns_handle(ns)) ||
			      (value == 0 && !netns_is_alive(ns)),
		      "module %u: foreign value %#llx", m->number, (unsigned long long)value);
		return true;
	}
	if (m->kind != OBJECT_LCORE) {
		o = netns_generic(ns, id);
		/* it died before the module came, and waits for its cleanup */
		if (o == NULL) {
			CHECK(!netns_is_alive(ns), "module %u: no data in a live tenant",
			      m->number);
			return false;
		}
		object_look(o, ns, m, epoch, "reader");
	}
	if (m->kind == OBJECT_LCORE || (m->kind == OBJECT_BOTH && netns_is_alive(ns))) {
		area = __atomic_load_n(&m->area, __ATOMIC_ACQUIRE);
		o = netns_lcore(area, lcore, ns->index);
		if (m->kind == OBJECT_LCORE && __atomic_load_n(&o->state, __ATOMIC_ACQUIRE) == 0 &&
		    !netns_is_alive(ns))
			return false;
		object_look(o, ns, m, epoch, "reader, lcore");
		o->seen++;
	}
	return true;
}

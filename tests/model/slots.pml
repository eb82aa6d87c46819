/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One tenant's growing slot array under registering and unregistering modules.
 *
 * Control threads hold one lock (the library's exclusive phase), as netns_subsys_register() and
 * _unregister() do. Readers follow the module's contract: they use an id in bursts that began
 * while the module was ready, and ready ends before the grace period of unregistering begins.
 * Every step that another thread can see is a step of its own; stores to memory that nobody else
 * can reach yet are taken together.
 *
 * Asserted: no reader touches a freed array or reads past it; a ready module's slot is never
 * empty, and leads to live, initialised data of that module.
 *
 * Deliberate mistakes, each of which must be found:
 *   BUG_FILL_AFTER_PUBLISH  the new array is published, then filled
 *   BUG_NO_GP               the old array is freed at once
 *   BUG_DATA_NO_GP          unregistering frees the data without a grace period
 *   BUG_ID_EARLY            the id is given back, and the lock dropped, before the grace period
 *   BUG_NO_CLEAR            the id is released while the slot still holds the old pointer
 *   BUG_LEN_TWICE           the wanted length is read twice while it grows
 */
#include "rcu.pml"

#define MODULES 3
#define IDS     2
#define ARRAYS  3 /* live at once: the published one, its successor, one to spare */
#define DATAS   4
#define NONE    255

/* the tenant */
byte slots = NONE; /* published array */

/* memory: what lies in it, and whether it is allocated */
bool array_live[ARRAYS];
byte array_len[ARRAYS]; /* what the array says of itself */
byte array_cap[ARRAYS]; /* what was allocated */
byte cell[ARRAYS * IDS];
bool data_live[DATAS];
bool data_set[DATAS];
byte data_of[DATAS]; /* the owning module */

/* registry */
bool locked;
bool id_used[IDS];
byte wanted; /* highest id given out, plus one; raised without the lock, as a creator sees it */
bool linked[MODULES];
bool ready[MODULES]; /* the module's own word to its workers */
byte mod_id[MODULES];

#define AT(a, i) cell[(a) * IDS + (i)]

inline lock()
{
	atomic { !locked -> locked = true }
}

inline unlock()
{
	locked = false
}

inline array_new(want)
{
	d_step {
		a = 0;
		do
		:: a < ARRAYS && array_live[a] -> a++
		:: else -> break
		od;
		assert(a < ARRAYS);
		array_live[a] = true;
		array_cap[a] = want;
		array_len[a] = want;
		i = 0;
		do
		:: i < IDS -> AT(a, i) = NONE; i++
		:: else -> break
		od
	}
}

inline array_copy(from)
{
	d_step {
		i = 0;
		do
		:: from != NONE && i < array_cap[from] -> AT(a, i) = AT(from, i); i++
		:: else -> break
		od
	}
}

inline data_new(m)
{
	d_step {
		d = 0;
		do
		:: d < DATAS && data_live[d] -> d++
		:: else -> break
		od;
		assert(d < DATAS);
		data_live[d] = true;
		data_of[d] = m;
		data_set[d] = true
	}
}

/* Puts data d into slot id, growing the array if it does not reach that far. */
inline slot_fill(id, s)
{
	old = slots;
	if
	:: old != NONE && id < array_len[old] ->
		assert(id < array_cap[old]);
		AT(old, id) = d
	:: else ->
		want = wanted;
		array_new(want);
#ifdef BUG_LEN_TWICE
		array_len[a] = wanted;
#endif
#ifdef BUG_FILL_AFTER_PUBLISH
		slots = a;
		array_copy(old);
		AT(a, id) = d;
#else
		array_copy(old);
		AT(a, id) = d;
		slots = a;
#endif
		if
		:: old != NONE ->
#ifndef BUG_NO_GP
			rcu_gp(s);
#endif
			array_live[old] = false
		:: else
		fi
	fi
}

inline id_take(m)
{
	d_step {
		id = 0;
		do
		:: id < IDS && id_used[id] -> id++
		:: else -> break
		od;
		if
		:: id < IDS ->
			id_used[id] = true;
			mod_id[m] = id;
			if
			:: wanted <= id -> wanted = id + 1
			:: else
			fi
		:: else
		fi
	}
}

inline do_register(m, s)
{
#ifdef BUG_LEN_TWICE
	id_take(m); /* before the lock: that is how the length can grow under a reader of it */
	lock();
#else
	lock();
	id_take(m);
#endif
	if
	:: id < IDS ->
#if !defined(BUG_LEN_TWICE) && !defined(BUG_ID_EARLY)
		assert(slots == NONE || id >= array_len[slots] || AT(slots, id) == NONE);
#endif
		data_new(m);
		slot_fill(id, s);
		linked[m] = true;
		ready[m] = true
	:: else
	fi;
	unlock()
}

inline do_unregister(m, s)
{
	lock();
	if
	:: linked[m] ->
		linked[m] = false;
		ready[m] = false;
		id = mod_id[m];
		d = AT(slots, id);
#ifdef BUG_ID_EARLY
		id_used[id] = false;
		unlock();
		rcu_gp(s);
		lock();
		AT(slots, id) = NONE;
		data_live[d] = false;
#else
#ifndef BUG_DATA_NO_GP
		rcu_gp(s);
#endif
#ifndef BUG_NO_CLEAR
		AT(slots, id) = NONE;
#endif
		data_live[d] = false;
		id_used[id] = false;
#endif
		d = NONE
	:: else
	fi;
	unlock()
}

/* Each thread has a module of its own; the second one also tries a third module. */
proctype control(byte me)
{
	byte a, d, i, id, old, want, step;

	do
	:: step < 3 ->
		step++;
		if
		:: mod_id[me] == NONE -> do_register(me, me)
		:: linked[me] ->
			do_unregister(me, me);
			mod_id[me] = NONE
		:: me == 1 && mod_id[2] == NONE -> do_register(2, me)
		fi;
		a = 0; d = 0; i = 0; id = 0; old = 0; want = 0
	:: else -> break
	od
}

proctype reader(byte r)
{
	byte m, id, a, d;

	rcu_go_online(r);
	do
	:: true ->
		if
		:: m = 0
		:: m = 1
		:: m = 2
		fi;
		if
		:: ready[m] ->
			id = mod_id[m];
			a = slots;
			assert(a != NONE);
			assert(array_live[a]);
			if
			:: id < array_len[a] ->
				assert(id < array_cap[a]);
				assert(array_live[a]);
				d = AT(a, id);
				assert(d != NONE);
				assert(data_live[d] && data_set[d]);
				assert(data_of[d] == m)
			:: else -> assert(false)
			fi
		:: else
		fi;
		m = 0; id = 0; a = 0; d = 0;
		rcu_quiescent(r)
	:: true ->
		rcu_go_offline(r);
		rcu_go_online(r)
	:: true ->
		rcu_go_offline(r);
		break
	od
}

init {
	byte i;

	atomic {
		do
		:: i < MODULES -> mod_id[i] = NONE; i++
		:: else -> break
		od;
		run control(0);
		run control(1);
		i = 0;
		do
		:: i < READERS -> run reader(i); i++
		:: else -> break
		od
	}
}

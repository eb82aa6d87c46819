/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Life and death of tenants: creation, references, handles, retirement and an unregistering module.
 *
 * A creator makes tenants and puts its reference to each; readers resolve saved handles, look at
 * the module's data and at their lcore's block of the tenant, and now and then keep a reference
 * over a quiescent state. The last put pushes the tenant to the limbo list; the retire thread
 * takes it, unpublishes, waits one grace period, exits, frees, and only then gives the index
 * back. A module unregisters meanwhile; creation and retirement exclude it (the phase lock).
 *
 * Asserted: a handle never leads to another tenant or to freed memory; what was found or
 * referenced keeps its data and its block; exit runs once per init; in the end nothing is left.
 *
 * Deliberate mistakes, each of which must be found:
 *   BUG_NO_GP          retirement does not wait
 *   BUG_EXIT_FIRST     exit runs before the grace period
 *   BUG_UNPUBLISH_LATE the grace period comes before unpublishing
 *   BUG_INDEX_EARLY    the index (and so the lcore's block) is reused before the grace period
 *   BUG_NO_GENERATION  resolving does not compare generations
 *   BUG_GENERATION_LATE the generation moves on after the new tenant is published
 *   BUG_PLAIN_GET      a reader increments a count of zero
 *   BUG_PUBLISH_EARLY  the tenant is visible before its init has run
 *   BUG_NO_PHASE       unregistering does not exclude retirement
 */
#include "rcu.pml"

#define TENANTS 2 /* memory for so many at once */
#define CREATE  3 /* made in one run */
#define NONE    255

mtype = { FREE, SETUP, LIVE, DEAD };

/* tenants' memory */
mtype state[TENANTS] = FREE;
byte refs[TENANTS];
byte index[TENANTS];
byte cookie[TENANTS]; /* stands for the handle: index and generation */
bool data_live[TENANTS];

/* by index */
byte table[TENANTS] = NONE;
bool index_used[TENANTS];
byte generation[TENANTS]; /* cookie of the present user; moves on with the index */
byte block_of[TENANTS]; /* cookie that the lcore's block was zeroed for */

bool limbo[TENANTS];
bool all_put; /* the creator is done */

bool registered = true;
bool ready = true;
byte phase_readers;
bool phase_writer;

byte saved_index = NONE; /* a handle that somebody keeps */
byte saved_cookie;

inline phase_shared()
{
	atomic { !phase_writer -> phase_readers++ }
}

inline phase_shared_end()
{
	phase_readers--
}

/* The last one hands the tenant to the retire thread. */
inline put(t)
{
	d_step {
		assert(refs[t] > 0);
		refs[t]--;
		if
		:: refs[t] == 0 ->
			assert(!limbo[t] && state[t] == LIVE);
			limbo[t] = true
		:: else
		fi
	}
}

proctype creator()
{
	byte n, t, x;

	do
	:: n < CREATE ->
		n++;
		phase_shared();
		/* back-pressure: waits for memory and an index */
		atomic {
			(state[0] == FREE || state[1] == FREE) && (!index_used[0] || !index_used[1]);
			t = (state[0] == FREE -> 0 : 1);
			x = (!index_used[0] -> 0 : 1);
			state[t] = SETUP;
			refs[t] = 1;
			index[t] = x;
			index_used[x] = true;
			cookie[t] = n;
#ifndef BUG_GENERATION_LATE
			generation[x] = n;
#endif
			block_of[x] = n
		}
#ifdef BUG_PUBLISH_EARLY
		table[x] = t;
		d_step { saved_index = x; saved_cookie = n }
		data_live[t] = registered;
		state[t] = LIVE;
#else
		d_step { data_live[t] = registered; state[t] = LIVE }
		table[x] = t;
#ifdef BUG_GENERATION_LATE
		generation[x] = n;
#endif
		d_step { saved_index = x; saved_cookie = n }
#endif
		phase_shared_end();
		put(t);
		t = 0;
		x = 0
	:: else -> break
	od;
	all_put = true
}

proctype retirer()
{
	byte t;

	do
	:: limbo[0] || limbo[1] ->
		atomic {
			t = (limbo[0] -> 0 : 1);
			limbo[t] = false
		}
#ifndef BUG_NO_PHASE
		phase_shared();
#endif
#ifdef BUG_UNPUBLISH_LATE
		rcu_gp(0);
		table[index[t]] = NONE;
#else
		table[index[t]] = NONE;
#ifdef BUG_INDEX_EARLY
		index_used[index[t]] = false;
#endif
#ifdef BUG_EXIT_FIRST
		data_live[t] = false;
#endif
#ifndef BUG_NO_GP
		rcu_gp(0);
#endif
#endif
		if
		:: registered ->
#ifndef BUG_EXIT_FIRST
			assert(data_live[t]);
			data_live[t] = false
#else
			skip
#endif
		:: else
		fi;
		assert(!data_live[t]);
		assert(refs[t] == 0);
#ifndef BUG_INDEX_EARLY
		index_used[index[t]] = false;
#endif
		cookie[t] = 0;
		state[t] = FREE;
#ifndef BUG_NO_PHASE
		phase_shared_end();
#endif
		t = 0
	:: all_put && !limbo[0] && !limbo[1] && state[0] == FREE && state[1] == FREE -> break
	od
}

proctype unregister()
{
	byte t;

#ifndef BUG_NO_PHASE
	atomic { !phase_writer && phase_readers == 0 -> phase_writer = true }
#endif
	registered = false;
	ready = false; /* pre_exit */
	rcu_gp(1);
	do
	:: t < TENANTS ->
		if
		:: state[t] == LIVE ->
			assert(data_live[t]);
			data_live[t] = false
		:: else
		fi;
		t++
	:: else -> break
	od;
	phase_writer = false
}

/* What a reader may rely on in tenant t, found by handle c, whose module was ready if rdy. */
inline check(t, c, rdy)
{
	assert(state[t] == LIVE && cookie[t] == c);
	assert(!rdy || data_live[t]);
	assert(block_of[index[t]] == c)
}

proctype reader(byte me)
{
	byte t, c, x;
	bool rdy, got;

	rcu_go_online(me);
	do
	:: true ->
		d_step { x = saved_index; c = saved_cookie }
		if
		:: x != NONE ->
			rdy = ready;
			t = table[x];
			if
			:: t != NONE ->
				assert(state[t] != FREE);
#ifdef BUG_NO_GENERATION
				if
				:: refs[t] > 0 ->
#else
				if
				:: generation[x] == c && refs[t] > 0 ->
#endif
					check(t, c, rdy);
					if
					:: me == 0 ->
#ifdef BUG_PLAIN_GET
						refs[t]++;
						got = true;
#else
						atomic {
							if
							:: refs[t] > 0 -> refs[t]++; got = true
							:: else
							fi
						}
#endif
						if
						:: got ->
							rcu_quiescent(me);
							rdy = ready;
							check(t, c, rdy);
							got = false;
							put(t)
						:: else
						fi
					:: true -> check(t, c, rdy)
					fi
				:: else
				fi
			:: else
			fi
		:: else
		fi;
		d_step { t = 0; c = 0; x = 0; rdy = false };
		rcu_quiescent(me)
	:: true ->
		rcu_go_offline(me);
		break
	od
}

init {
	byte i;

	atomic {
		run creator();
		run retirer();
		run unregister();
		do
		:: i < READERS -> run reader(i); i++
		:: else -> break
		od
	}
}

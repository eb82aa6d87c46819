/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deferred frees, the barrier, and locks taken by registered readers.
 *
 * A control thread holds a lock over a grace period while registered readers want the same lock;
 * then it unpublishes an object and defers its free, whose callback defers a second one. The retire thread takes the whole list, waits a grace period, and runs the callbacks. A barrier
 * returns when the list is empty and nothing is being worked on, which it must find in one look.
 *
 * Asserted: after a barrier nothing deferred before it, nor by a callback of that, is left; no
 * callback runs while a reader that saw the object still uses it; no deadlock (invalid end state).
 *
 * Deliberate mistakes, each of which must be found:
 *   BUG_ONE_ROUND   the barrier waits for what was queued, not for what callbacks queue
 *   BUG_BUSY_LATE   the retire thread takes the list before it says that it is working
 *   BUG_NO_GP       callbacks run without a grace period
 *   BUG_WAIT_ONLINE a registered reader waits for a lock without going offline
 *   BUG_ONLINE_BARRIER the barrier is called by a reader that is online
 */
#include "rcu.pml"

#define NONE 255

bool published = true; /* object 0 can be found by readers */
bool queued[2];
bool freed[2];
bool working; /* the retire thread holds a batch */
bool locked;
bool stop;

/* Waits as the library does: offline, unless it is the mistake. */
inline lock_as_reader(r)
{
#ifndef BUG_WAIT_ONLINE
	rcu_go_offline(r);
#endif
	atomic { !locked -> locked = true };
#ifndef BUG_WAIT_ONLINE
	rcu_go_online(r)
#endif
}

proctype retirer()
{
	bool batch[2];
#ifdef BUG_ONE_ROUND
	bool nested;
#endif

	do
	:: queued[0] || queued[1] ->
#ifdef BUG_BUSY_LATE
		d_step {
			batch[0] = queued[0]; batch[1] = queued[1];
			queued[0] = false; queued[1] = false
		};
		working = true;
#else
		working = true;
		d_step {
			batch[0] = queued[0]; batch[1] = queued[1];
			queued[0] = false; queued[1] = false
		};
#endif
#ifndef BUG_NO_GP
		rcu_gp(0);
#endif
		if
		:: batch[0] ->
			assert(!freed[0]);
			freed[0] = true;
#ifdef BUG_ONE_ROUND
			nested = true;
#else
			queued[1] = true;
#endif
			batch[0] = false
		:: else
		fi;
		if
		:: batch[1] ->
			assert(!freed[1]);
			freed[1] = true;
			batch[1] = false
		:: else
		fi;
		working = false;
#ifdef BUG_ONE_ROUND
		/* the callback's own defer was set aside for the next round */
		if
		:: nested -> nested = false; queued[1] = true
		:: else
		fi
#endif
	:: stop && !queued[0] && !queued[1] -> break
	od
}

/* Holds the lock over a grace period, as unregistering does; then defers, then a barrier. */
proctype control()
{
	atomic { !locked -> locked = true };
	rcu_gp(1);
	locked = false;
	published = false;
	queued[0] = true; /* netns_defer(): does not wait */
#ifdef BUG_ONLINE_BARRIER
	rcu_go_online(2);
#endif
	/* one look, as the library takes it under the retire lock */
	!queued[0] && !queued[1] && !working;
	assert(freed[0] && freed[1]);
	stop = true
}

/* Finds the object, and now and then needs the lock, as a worker that is also a controller. */
proctype reader(byte me)
{
	bool found;

	rcu_go_online(me);
	do
	:: true ->
		found = published;
		if
		:: found -> assert(!freed[0] && !freed[1])
		:: else
		fi;
		if
		:: found -> assert(!freed[0] && !freed[1])
		:: else
		fi;
		found = false;
		rcu_quiescent(me)
	:: !stop ->
		lock_as_reader(me);
		locked = false
	:: true ->
		rcu_go_offline(me);
		break
	od
}

init {
	byte i;

	atomic {
		run retirer();
		run control();
		do
		:: i < READERS -> run reader(i); i++
		:: else -> break
		od
	}
}

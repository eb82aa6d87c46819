/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Grace periods as the library's users see them; included by the other models.
 *
 * A grace period waits for every reader that was online when it began until that reader reports a
 * quiescent state or goes offline; readers that come online later are not waited for. That is
 * liburcu's guarantee, taken as given: how QSBR keeps it is not modelled here.
 */
#ifndef READERS
#define READERS 2
#endif
#define SYNCS 2 /* grace periods that may be waited for at the same time */

byte rcu_online;      /* a bit for each reader */
byte rcu_owed[SYNCS]; /* readers that grace period s still waits for */

#define ME(r) (1 << (r))

inline rcu_quiescent(r)
{
	d_step {
		rcu_owed[0] = rcu_owed[0] & ~ME(r);
		rcu_owed[1] = rcu_owed[1] & ~ME(r)
	}
}

inline rcu_go_online(r)
{
	rcu_online = rcu_online | ME(r)
}

inline rcu_go_offline(r)
{
	d_step {
		rcu_online = rcu_online & ~ME(r);
		rcu_owed[0] = rcu_owed[0] & ~ME(r);
		rcu_owed[1] = rcu_owed[1] & ~ME(r)
	}
}

inline rcu_gp(s)
{
	rcu_owed[s] = rcu_online;
	rcu_owed[s] == 0
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's output. See table.h.
 */
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static struct netns *row(const struct demo_table *t, unsigned int i)
{
	return i < t->n ? t->tenants[i] : netns_init_ns();
}

static uint64_t drops_of(const struct dp_tenant_stats *s)
{
	uint64_t sum = 0;
	unsigned int r;

	for (r = 0; r < DP_DROP_REASONS; r++)
		sum += s->drops[r];
	return sum;
}

/* The reason that counted most */
static const char *main_drop(const struct dp_tenant_stats *s)
{
	unsigned int r, best = 0;

	for (r = 1; r < DP_DROP_REASONS; r++)
		if (s->drops[r] > s->drops[best])
			best = r;
	return s->drops[best] ? dp_drop_name(best) : "-";
}

/* Busy cycles and packets of all workers */
static void work(uint64_t *ret_busy, uint64_t *ret_packets)
{
	static struct dp_worker_stats s;
	unsigned int i;

	*ret_busy = *ret_packets = 0;
	for (i = 0; i < dp_worker_count(); i++) {
		if (dp_worker_stats(i, &s))
			continue;
		*ret_busy += s.busy_cycles;
		*ret_packets += s.rx_packets;
	}
}

void table_begin(struct demo_table *t)
{
	t->terminal = isatty(STDOUT_FILENO);
	t->last_ns = now_ns();
	printf("%-8s %12s %12s %12s  %s\n", "tenant", "rx pkt/s", "tx pkt/s", "dropped", "mostly");
}

void table_print(struct demo_table *t)
{
	uint64_t now = now_ns(), busy, packets;
	double s = (double)(now - t->last_ns) / 1e9;
	struct dp_tenant_stats stats;
	unsigned int i;

	if (t->terminal && t->lines++)
		printf("\033[%uA", t->n + 2);
	for (i = 0; i <= t->n; i++) {
		dp_tenant_stats(row(t, i), &stats);
		printf("%-8s %12.0f %12.0f %12llu  %-20s\n", i < t->n ? t->names[i] : "(root)",
		       (double)(stats.rx_packets - t->rx[i]) / s,
		       (double)(stats.tx_packets - t->tx[i]) / s,
		       (unsigned long long)drops_of(&stats), main_drop(&stats));
		t->rx[i] = stats.rx_packets;
		t->tx[i] = stats.tx_packets;
	}
	work(&busy, &packets);
	printf("workers: %.2f Mpkt/s, %.0f cycles a packet          \n",
	       (double)(packets - t->packets) / s / 1e6,
	       packets > t->packets ? (double)(busy - t->busy) / (double)(packets - t->packets)
				    : 0);
	t->busy = busy;
	t->packets = packets;
	t->last_ns = now;
	fflush(stdout);
}

static void print_reasons(const struct dp_tenant_stats *s)
{
	unsigned int r;

	for (r = 0; r < DP_DROP_REASONS; r++)
		if (s->drops[r])
			printf("    %-14s %12llu  %s\n", dp_drop_name(r),
			       (unsigned long long)s->drops[r], dp_drop_text(r));
}

bool table_end(struct demo_table *t)
{
	struct dp_tenant_stats s;
	uint64_t out;
	unsigned int i, tries;
	bool good = true;

	printf("\n");
	for (i = 0; i <= t->n; i++) {
		/* workers count on while we add up: a difference must vanish within a few looks */
		for (tries = 0; tries < 1000; tries++) {
			dp_tenant_stats(row(t, i), &s);
			out = s.tx_packets + drops_of(&s) + s.queued + s.moved;
			if (s.rx_packets + s.made - out + 512 <= 1024)
				break;
		}
		printf("%s: %llu in, %llu out\n", i < t->n ? t->names[i] : "(root)",
		       (unsigned long long)s.rx_packets, (unsigned long long)s.tx_packets);
		print_reasons(&s);
		if (tries == 1000 || (i < t->n && s.tx_packets == 0)) {
			printf("    %s\n",
			       tries == 1000 ? "COUNTS DO NOT ADD UP" : "NOTHING WAS SENT");
			good = false;
		}
	}
	return good;
}

int table_split(const char *dir, const char *const *names, unsigned int n)
{
	char path[512];
	FILE *in, *out[TABLE_TENANTS] = { NULL };
	uint8_t head[24], frame[65536];
	uint32_t rec[4], i;
	int err = 0;

	snprintf(path, sizeof(path), "%s/output.pcap", dir);
	in = fopen(path, "r");
	if (!in || fread(head, sizeof(head), 1, in) != 1)
		err = -EIO;
	for (i = 0; i < n && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s.pcap", dir, names[i]);
		out[i] = fopen(path, "w");
		if (!out[i] || fwrite(head, sizeof(head), 1, out[i]) != 1)
			err = -EIO;
	}
	while (!err && fread(rec, sizeof(rec), 1, in) == 1) {
		if (rec[2] > sizeof(frame) || fread(frame, rec[2], 1, in) != 1)
			break;
		i = rec[2] >= 16 ? ((uint32_t)(frame[14] & 15) << 8 | frame[15]) - 200 : n;
		if (i >= n)
			continue;
		fwrite(rec, sizeof(rec), 1, out[i]);
		fwrite(frame, rec[2], 1, out[i]);
	}
	for (i = 0; i < n; i++)
		if (out[i] && fclose(out[i]))
			err = -EIO;
	if (in)
		fclose(in);
	if (err)
		fprintf(stderr, "nsplane-demo: %s: %s\n", path, strerror(-err));
	return err;
}

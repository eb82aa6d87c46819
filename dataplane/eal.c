/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Starting EAL with what this machine allows: hugepages where there are free ones that we may use,
 * else ordinary memory; one lcore for control and the rest for workers, on the CPUs that we are
 * allowed; quiet logs. What the caller passes overrides. Init only.
 */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "dp.h"

#define ARGS_MAX 64
#define MEM_MIN  128u  /* MB, without hugepages */
#define MEM_MAX  1024u /* MB; touched only as it is used */
#define HUGE_MIN 64u   /* MB of free hugepages worth having */

/** struct eal_args - a command line under construction */
struct eal_args {
	char *v[ARGS_MAX];
	int n;
};

static int add(struct eal_args *a, const char *text)
{
	if (a->n == ARGS_MAX - 1)
		return -E2BIG;
	a->v[a->n] = strdup(text);
	return a->v[a->n] != NULL ? (a->n++, 0) : -ENOMEM;
}

static bool given(int argc, char **argv, const char *option)
{
	size_t len = strlen(option);
	int i;

	for (i = 0; i < argc; i++)
		if (strncmp(argv[i], option, len) == 0 &&
		    (argv[i][len] == 0 || argv[i][len] == '=' || option[1] != '-'))
			return true;
	return false;
}

/* Free hugepages of the default size, MB. */
static unsigned long huge_free_mb(void)
{
	unsigned long pages = 0, kb = 0;
	char line[128];
	FILE *f = fopen("/proc/meminfo", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		sscanf(line, "HugePages_Free: %lu", &pages);
		sscanf(line, "Hugepagesize: %lu kB", &kb);
	}
	if (f != NULL)
		fclose(f);
	return pages * kb / 1024;
}

/* May this process really have one? Containers often may not. */
static bool huge_permitted(void)
{
	void *p = mmap(NULL, 2u << 20, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	int err;

	if (p == MAP_FAILED)
		return false;
	/* unlike a touch, this fails instead of killing when a cgroup forbids the page */
	err = madvise(p, 2u << 20, 23 /* MADV_POPULATE_WRITE */);
	munmap(p, 2u << 20);
	return err == 0;
}

static unsigned int memory_mb(void)
{
	long pages = sysconf(_SC_AVPHYS_PAGES), size = sysconf(_SC_PAGESIZE);
	unsigned long mb = pages > 0 ? (unsigned long)pages * (unsigned long)size >> 20 : 0;

	mb /= 4;
	return mb < MEM_MIN ? MEM_MIN : mb > MEM_MAX ? MEM_MAX : (unsigned int)mb;
}

/* lcore 0 on the first CPU, and so on; a machine with one CPU gets two lcores on it. */
static int lcore_args(struct eal_args *a, unsigned int *ret_cpus)
{
	char text[RTE_MAX_LCORE * 10];
	unsigned int cpu, n = 0, first = 0;
	size_t used = 0;
	cpu_set_t set;
	int err;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return -errno;
	for (cpu = 0; cpu < CPU_SETSIZE && n < RTE_MAX_LCORE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (n == 0)
			first = cpu;
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%u@%u",
					 n == 0 ? "" : ",", n, cpu);
		n++;
	}
	if (n == 1)
		snprintf(text, sizeof(text), "(0,1)@%u", first);
	*ret_cpus = n;
	err = add(a, "--lcores");
	return err != 0 ? err : add(a, text);
}

static int memory_args(struct eal_args *a, int argc, char **argv, char *text, size_t len)
{
	unsigned long huge = huge_free_mb();
	char mb[16];
	int err;

	if (given(argc, argv, "--no-huge") || given(argc, argv, "--in-memory") ||
	    given(argc, argv, "--huge-dir") || given(argc, argv, "--socket-mem")) {
		snprintf(text, len, "memory as given");
		return 0;
	}
	if (huge >= HUGE_MIN && huge_permitted()) {
		snprintf(text, len, "hugepages (%lu MB free)", huge);
		return add(a, "--in-memory");
	}
	snprintf(text, len,
		 huge < HUGE_MIN
			 ? "no hugepages (%lu MB free; sysctl -w vm.nr_hugepages=512 gives 1 GB)"
			 : "no hugepages (%lu MB free, but this process may not use them)",
		 huge);
	err = add(a, "--no-huge");
	if (err == 0)
		err = add(a, "--no-shconf");
	if (err != 0 || given(argc, argv, "-m"))
		return err;
	snprintf(mb, sizeof(mb), "%u", memory_mb());
	err = add(a, "-m");
	return err != 0 ? err : add(a, mb);
}

static int build(struct eal_args *a, const char *program, int argc, char **argv, char *text,
		 size_t len)
{
	char memory[128];
	unsigned int cpus = 0;
	int err, i;

	err = add(a, program != NULL ? program : "nsplane");
	if (err == 0 && !given(argc, argv, "-l") && !given(argc, argv, "-c") &&
	    !given(argc, argv, "--lcores"))
		err = lcore_args(a, &cpus);
	if (err == 0)
		err = memory_args(a, argc, argv, memory, sizeof(memory));
	if (err == 0 && !given(argc, argv, "-a") && !given(argc, argv, "--allow"))
		err = add(a, "--no-pci");
	if (err == 0 && !given(argc, argv, "--iova-mode"))
		err = add(a, "--iova-mode=va");
	if (err == 0 && !given(argc, argv, "--log-level"))
		err = add(a, "--log-level=lib.eal:error");
	for (i = 0; i < argc && err == 0; i++)
		err = add(a, argv[i]);
	if (text != NULL)
		snprintf(text, len, "EAL: %s; %u CPU%s; %s%s", memory, cpus, cpus == 1 ? "" : "s",
			 given(argc, argv, "-a") || given(argc, argv, "--allow") ? "PCI as given"
										 : "no PCI",
			 geteuid() == 0 ? "" : "; unprivileged");
	return err;
}

static const char *cure(int err)
{
	switch (err) {
	case EACCES:
		return "not permitted: run without PCI devices, or as root";
	case ENOMEM:
		return "not enough memory: free hugepages with sysctl -w vm.nr_hugepages=N, or run "
		       "with --no-huge -m MEGABYTES";
	case EALREADY:
		return "EAL runs already in this process";
	case EINVAL:
		return "EAL refused an argument (see above)";
	case EPROTO:
	case ENODEV:
		return "a device or bus failed (see above); --no-pci does without PCI";
	default:
		return "see what EAL said above; --log-level=lib.eal:debug says more";
	}
}

int dp_eal_init(const char *program, int argc, char **argv, char *ret_text, size_t text_len)
{
	static struct eal_args a; /* EAL starts once, and may keep pointers into it */
	char *v[ARGS_MAX];        /* EAL reorders what it is given */
	int err, i;

	err = build(&a, program, argc, argv, ret_text, text_len);
	memcpy(v, a.v, sizeof(v));
	if (err == 0 && rte_eal_init(a.n, v) < 0) {
		err = -(rte_errno != 0 ? rte_errno : EIO);
		if (ret_text != NULL)
			snprintf(ret_text, text_len, "EAL did not start: %s (%s)", cure(-err),
				 strerror(-err));
	}
	for (i = 0; i < a.n && err != 0; i++)
		free(a.v[i]);
	if (err != 0)
		a.n = 0;
	return err;
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chooses, at run time, which instruction set the lookups use.
 *
 * All of them are in the binary. fib_init() makes the choice once; before it, and where nothing
 * better is there, plain C is used. The choice is one pointer, which may change at any time: each
 * set gives the same answers.
 */
#include <errno.h>

#include "lookup.h"

static const struct fib_lookup_ops sets[FIB_SIMD_KINDS] = {
	[FIB_SIMD_SCALAR] = { fib4_vec_scalar, fib6_vec_scalar },
#if defined(__x86_64__)
	[FIB_SIMD_AVX2] = { fib4_vec_avx2, fib6_vec_avx2 },
	[FIB_SIMD_AVX512] = { fib4_vec_avx512, fib6_vec_avx512 },
#endif
};

/* w:control r:worker; relaxed: it points to constants */
static const struct fib_lookup_ops *chosen = &sets[FIB_SIMD_SCALAR];
static bool decided; /* by a caller, or by the first table; w:control r:control */

static bool have(enum fib_simd simd)
{
	if (simd == FIB_SIMD_SCALAR)
		return true;
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (!__builtin_cpu_supports("bmi") || !__builtin_cpu_supports("bmi2") ||
	    !__builtin_cpu_supports("popcnt"))
		return false;
	if (simd == FIB_SIMD_AVX2)
		return __builtin_cpu_supports("avx2");
	if (simd == FIB_SIMD_AVX512)
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
#endif
	return false;
}

enum fib_simd fib_simd_best(void)
{
	unsigned int simd = FIB_SIMD_KINDS - 1;

	while (!have((enum fib_simd)simd))
		simd--;
	return (enum fib_simd)simd;
}

enum fib_simd fib_simd_now(void)
{
	return (enum fib_simd)(__atomic_load_n(&chosen, __ATOMIC_RELAXED) - sets);
}

int fib_simd_use(enum fib_simd simd)
{
	if (simd >= FIB_SIMD_KINDS)
		return -EINVAL;
	if (!have(simd))
		return -ENOTSUP;
	__atomic_store_n(&chosen, &sets[simd], __ATOMIC_RELAXED);
	__atomic_store_n(&decided, true, __ATOMIC_RELAXED);
	return 0;
}

void fib_simd_init(void)
{
	if (!__atomic_load_n(&decided, __ATOMIC_RELAXED))
		fib_simd_use(fib_simd_best());
}

void fib4_lookup_vec(const uint64_t *ref, const uint32_t *dst, uint32_t *ret_nh, unsigned int n)
{
	const struct fib_lookup_ops *ops = __atomic_load_n(&chosen, __ATOMIC_RELAXED);

	for (; n > FIB_AT_ONCE; n -= FIB_AT_ONCE) {
		ops->vec4(ref, dst, ret_nh, FIB_AT_ONCE);
		ref += FIB_AT_ONCE;
		dst += FIB_AT_ONCE;
		ret_nh += FIB_AT_ONCE;
	}
	ops->vec4(ref, dst, ret_nh, n);
}

void fib6_lookup_vec(const uint64_t *ref, const struct fib_addr *dst, uint32_t *ret_nh,
		     unsigned int n)
{
	const struct fib_lookup_ops *ops = __atomic_load_n(&chosen, __ATOMIC_RELAXED);

	for (; n > FIB_AT_ONCE; n -= FIB_AT_ONCE) {
		ops->vec6(ref, dst, ret_nh, FIB_AT_ONCE);
		ref += FIB_AT_ONCE;
		dst += FIB_AT_ONCE;
		ret_nh += FIB_AT_ONCE;
	}
	ops->vec6(ref, dst, ret_nh, n);
}

/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hook behind dp_output(). w:control (release) r:worker (acquire).
 */
#ifndef DP_OUTPUT_H
#define DP_OUTPUT_H

#include "dp_worker.h"

extern dp_output_fn *output_fn;

static inline dp_output_fn *output_hook(void)
{
	return __atomic_load_n(&output_fn, __ATOMIC_ACQUIRE);
}

#endif /* DP_OUTPUT_H */

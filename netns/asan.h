/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What AddressSanitizer is told of the arena: free objects are poison, and mapped memory is
 * searched for pointers by the leak check. Nothing at all in other builds. Called by the files of
 * the arena and by lcore.c.
 */
#ifndef NETNS_ASAN_H
#define NETNS_ASAN_H

#include <stdbool.h>
#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define NETNS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NETNS_ASAN 1
#endif
#endif
#ifndef NETNS_ASAN
#define NETNS_ASAN 0
#endif

#if NETNS_ASAN

#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>

static inline void asan_poison(const void *ptr, size_t bytes)
{
	__asan_poison_memory_region(ptr, bytes);
}

static inline void asan_unpoison(const void *ptr, size_t bytes)
{
	__asan_unpoison_memory_region(ptr, bytes);
}

static inline bool asan_is_poisoned(const void *ptr)
{
	return __asan_address_is_poisoned(ptr) != 0;
}

static inline void asan_root(const void *ptr, size_t bytes)
{
	__lsan_register_root_region(ptr, bytes);
}

static inline void asan_unroot(const void *ptr, size_t bytes)
{
	__lsan_unregister_root_region(ptr, bytes);
}

#else

static inline void asan_poison(const void *ptr, size_t bytes)
{
	(void)ptr;
	(void)bytes;
}

static inline void asan_unpoison(const void *ptr, size_t bytes)
{
	(void)ptr;
	(void)bytes;
}

static inline bool asan_is_poisoned(const void *ptr)
{
	(void)ptr;
	return false;
}

static inline void asan_root(const void *ptr, size_t bytes)
{
	(void)ptr;
	(void)bytes;
}

static inline void asan_unroot(const void *ptr, size_t bytes)
{
	(void)ptr;
	(void)bytes;
}

#endif
#endif /* NETNS_ASAN_H */

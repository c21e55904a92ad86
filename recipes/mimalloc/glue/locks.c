/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * mimalloc's locks. They are pthread mutexes, whose names the build replaces by
 * those here. One that is taken puts the thread to sleep, and whoever releases
 * it wakes it up: a thread of another CPU cannot be woken on Unikraft. What
 * mimalloc does under its locks is short, so that with several CPUs these
 * spin. A holder on the same CPU can go on when we yield.
 */
#undef pthread_mutex_lock
#undef pthread_mutex_trylock
#undef pthread_mutex_unlock

#include <errno.h>
#include <pthread.h>

#include <uk/config.h>
#if CONFIG_LIBUKSCHED
#include <uk/sched.h>
#endif

int mi_unikraft_mutex_lock(pthread_mutex_t *mutex);
int mi_unikraft_mutex_trylock(pthread_mutex_t *mutex);
int mi_unikraft_mutex_unlock(pthread_mutex_t *mutex);

#if CONFIG_HAVE_SMP

#define SPINS 1000

/* An initialized mutex is all zeroes, the first word is ours */
int mi_unikraft_mutex_trylock(pthread_mutex_t *mutex)
{
	int *word = (int *)mutex;

	return __atomic_exchange_n(word, 1, __ATOMIC_ACQUIRE) ? EBUSY : 0;
}

int mi_unikraft_mutex_lock(pthread_mutex_t *mutex)
{
	int *word = (int *)mutex;
	unsigned int spins = 0;

	while (mi_unikraft_mutex_trylock(mutex)) {
		while (__atomic_load_n(word, __ATOMIC_RELAXED)
		       && ++spins % SPINS)
			__asm__ __volatile__("" : : : "memory");
#if CONFIG_LIBUKSCHED
		if (spins % SPINS == 0 && uk_sched_current())
			uk_sched_yield();
#endif
	}
	return 0;
}

int mi_unikraft_mutex_unlock(pthread_mutex_t *mutex)
{
	__atomic_store_n((int *)mutex, 0, __ATOMIC_RELEASE);
	return 0;
}

#else /* !CONFIG_HAVE_SMP */

int mi_unikraft_mutex_trylock(pthread_mutex_t *mutex)
{
	return pthread_mutex_trylock(mutex);
}

int mi_unikraft_mutex_lock(pthread_mutex_t *mutex)
{
	return pthread_mutex_lock(mutex);
}

int mi_unikraft_mutex_unlock(pthread_mutex_t *mutex)
{
	return pthread_mutex_unlock(mutex);
}

#endif /* !CONFIG_HAVE_SMP */

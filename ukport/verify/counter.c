/* A plugin for QEMU that counts the guest's instructions into memory that we share with it.
 *
 * What it uses of QEMU's interface for plugins is declared here: no header of QEMU need be there.
 * See https://www.qemu.org/docs/master/devel/tcg-plugins.html.
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;

enum { NO_REGISTERS };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
	void (*translated)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
	void (*executed)(unsigned int cpu, void *data), int registers, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = INTERFACE;

static volatile uint64_t *count;

static void executed(unsigned int cpu, void *instructions)
{
	(void)cpu;
	__atomic_fetch_add(count, (uintptr_t)instructions, __ATOMIC_RELAXED);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, executed, NO_REGISTERS,
					     (void *)qemu_plugin_tb_n_insns(tb));
}

__attribute__((visibility("default"))) int
qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
	void *shared;

	(void)info;
	if (argc != 1 || strncmp(argv[0], "fd=", 3))
		return -1;
	shared = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED,
		      atoi(argv[0] + 3), 0);
	if (shared == MAP_FAILED)
		return -1;
	count = shared;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}

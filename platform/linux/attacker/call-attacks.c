/* System calls by other doors, and with bits that a filter may not look at. */
#include "attacker.h"

#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/sched.h>

static const unsigned long high_bit = 1UL << 32;

static void tell_capabilities(const char *how, unsigned long long before)
{
    struct identity is;
    read_identity(&is);
    if (is.effective != before)
        gained("capabilities in a user namespace by", how);
}

#if defined(__x86_64__)

enum { child_ms = 1000, x32_bit = 0x40000000, low_memory = 0x40 /* MAP_32BIT */, page = 4096 };
enum { open_32 = 5, read_32 = 3, unshare_32 = 310, open_x32 = 2, read_x32 = 0, unshare_x32 = 272 };

/* The table of 32-bit programs, which any program may use. */
static long call_32(long number, long first, long second, long third)
{
    long result = number;
    __asm__ volatile("int $0x80"
                     : "+a"(result)
                     : "b"(first), "c"(second), "d"(third)
                     : "memory", "r8", "r9", "r10", "r11");
    return (int)result;
}

static long call_x32(long number, long first, long second, long third)
{
    return kernel_call(number | x32_bit, first, second, third);
}

typedef long call(long number, long first, long second, long third);

struct door {
    const char *name;
    call *call;
    long open;
    long read;
    long unshare;
};

static const struct door doors[] = {
    {"int-0x80", call_32, open_32, read_32, unshare_32},
    {"x32", call_x32, open_x32, read_x32, unshare_x32},
};

/* A filter may end whoever comes by such a door: each act is a child's. */
static int read_by_door(void *argument)
{
    const struct door *door = argument;
    /* 32-bit calls take 32-bit addresses. */
    char *low = map_memory(page, MAP_PRIVATE | low_memory);
    if (low == 0)
        return 1;
    join(low, page / 2, key("home-file"), "", "");
    const long file = door->call(door->open, (long)low, O_RDONLY, 0);
    did(door->name, file);
    const long length = file < 0 ? file : door->call(door->read, file, (long)(low + page / 2), saw_bytes_max);
    if (length > 0)
        saw(door->name, low + page / 2, (size_t)length);
    return 0;
}

static int unshare_by_door(void *argument)
{
    const struct door *door = argument;
    struct identity was;
    read_identity(&was);
    did(door->name, door->call(door->unshare, CLONE_NEWUSER, 0, 0));
    tell_capabilities(door->name, was.effective);
    return 0;
}

enum ending attack_other_calls(void)
{
    for (size_t index = 0; index < sizeof doors / sizeof *doors; index++) {
        const long status = run_child(read_by_door, (void *)&doors[index], child_ms);
        fact("killed-by", status > 0 ? status & 0x7f : 0);
        run_child(unshare_by_door, (void *)&doors[index], child_ms);
    }
    return attempted;
}

#else

enum ending attack_other_calls(void)
{
    return other_architecture;
}

#endif

/* clone(2) looks at the lower half of its flags alone. */
static void clone_with_high_bit(void)
{
    struct identity was;
    read_identity(&was);
    const long process = kernel_call(__NR_clone, CLONE_NEWUSER | SIGCHLD | high_bit, 0, 0, 0, 0);
    if (process == 0) {
        tell_capabilities("clone", was.effective);
        leave(0);
    }
    did("clone", process);
    if (process > 0)
        wait_for(process);
}

static void connect_with_high_bit(void)
{
    enum { loopback = 0x7f000001, port_max = 65535, talk_ms = 300 };
    char bytes[saw_bytes_max];
    const struct address target = inet_address(loopback, key_number("tcp4-port", 0, port_max));
    const long socket = kernel_call(__NR_socket, family_inet | high_bit, stream | high_bit, high_bit);
    const long connected = socket < 0 ? socket : connect_within(socket, &target, talk_ms);
    did("connect", connected);
    const long length = connected < 0 ? connected : receive_within(socket, bytes, sizeof bytes, talk_ms);
    if (length > 0)
        saw("connection", bytes, (size_t)length);
    close_file(socket);
}

static void change_personality(void)
{
    enum { read_implies_execute = 0x0400000 };
    did("personality", kernel_call(__NR_personality, read_implies_execute | high_bit));
    const long now = kernel_call(__NR_personality, 0xffffffffL);
    if (now >= 0 && (now & read_implies_execute) != 0)
        gained("memory that is executable where it is readable", "");
}

static void unshare_with_high_bit(void)
{
    struct identity was;
    read_identity(&was);
    did("unshare", kernel_call(__NR_unshare, CLONE_NEWUSER | high_bit));
    tell_capabilities("unshare", was.effective);
}

enum ending attack_high_bits(void)
{
    clone_with_high_bit();
    if (key("tcp4-port") != 0)
        connect_with_high_bit();
    change_personality();
    unshare_with_high_bit();
    return attempted;
}

/*
 * A layer with a size: while the job runs it lies on a file system in memory, which is as large as it may become. The
 * launcher, outside, holds a handle on that file system, and when the last process of the job's is gone, it copies what
 * there is to the layer's directory on the host's disk.
 *
 *   first process ──handle──▶ launcher ──copies, when the job is over──▶ layer
 *
 * The job can neither see nor reach the handle: it goes out before the job starts, as a message that only the launcher
 * can take.
 */
#include "layer.h"
#include "descriptors.h"
#include "mount-calls.h"

void clear_layer(struct layer *layer)
{
    layer->channel[0] = layer->channel[1] = -1;
    layer->server_pid = 0;
}

/* The one overlay that has a size; a job has one layer. */
const struct root_step *find_sized_layer(const struct instruction *instruction)
{
    for (size_t index = 0; index < instruction->root_count; index++)
        if (instruction->root[index].kind == record_overlay && instruction->root[index].size > 0)
            return &instruction->root[index];
    return NULL;
}

long prepare_layer(const struct launch *launch)
{
    const struct root_step *served = find_served_layer(launch->instruction);
    if (served == NULL && find_sized_layer(launch->instruction) == NULL)
        return 0;
    const long result =
        kernel_call(__NR_socketpair, address_unix, socket_sequence | O_CLOEXEC, 0, launch->layer->channel);
    return result < 0 || served == NULL ? result : start_layer_server(launch, served);
}

/* In the launcher, once there is a first process: held here, its end would hide that it never sent anything. */
void leave_layer(struct layer *layer)
{
    close_descriptor(layer->channel[1]);
    layer->channel[1] = -1;
}

/* In the first process; the handle is no descriptor that the job could inherit. */
long offer_layer(const struct launch *launch, int tree)
{
    const int channel = launch->layer->channel[1];
    const long result = send_descriptors(channel, &tree, 1);
    close_descriptor(channel);
    close_descriptor(launch->layer->channel[0]);
    return result;
}

/* 0, or why what the job changed is lost. Called when no process of the job's is left. */
long keep_layer(const struct launch *launch)
{
    struct layer *layer = launch->layer;
    const struct root_step *step = find_sized_layer(launch->instruction);
    int tree = -1;
    if (step == NULL || layer->channel[0] < 0)
        return 0;
    const size_t count = receive_descriptors(layer->channel[0], &tree, 1);
    close_descriptor(layer->channel[0]);
    layer->channel[0] = -1;
    /* It failed before it had one, and said so. */
    if (count != 1)
        return 0;
    const long root = kernel_call(__NR_openat, AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
    const long into = root < 0 ? root : open_path_in((int)root, step->layer);
    const long result = into < 0 ? into : copy_layer(tree, (int)into);
    close_descriptor((int)into);
    close_descriptor((int)root);
    close_descriptor(tree);
    return result;
}

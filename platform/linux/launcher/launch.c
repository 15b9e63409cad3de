/* What the first process inherits from the launcher, before anything of it is known: see struct launch. */
#include "launcher.h"

/* Nothing is open yet, and no control group joined. */
struct launch new_launch(const struct instruction *instruction, struct streams *streams, struct courier *courier,
                         char **words)
{
    struct launch launch = {
        .instruction = instruction,
        .streams = streams,
        .courier = courier,
        .words = words,
        .control = -1,
        .events = -1,
        .cpu_descriptor = -1,
        .maker_errors = -1,
        .joining = -1,
    };
    for (size_t index = 0; index < control_groups_max; index++)
        launch.control_group_descriptors[index] = -1;
    return launch;
}

/* A layer with a size: layer.c says what for, layer-copy.c how it gets to the disk. */
#ifndef CUPEL_LAYER_H
#define CUPEL_LAYER_H

#include "launcher.h"

/*
 * Copies `upper` of the one directory into that of the other, which is there and empty; 0 or the errno of what could
 * not be copied. What is in it is a job's: no path is followed, and no symlink.
 */
long copy_layer(int from, int to);

#endif

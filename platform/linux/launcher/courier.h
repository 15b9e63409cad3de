/* What carries connections from the job's loopback to the proxy: courier.c holds it, connections.c does it. */
#ifndef CUPEL_COURIER_H
#define CUPEL_COURIER_H

#include "launcher.h"

/* Until `life` says something; then what is on its way to the proxy, and no more. */
void carry_connections(const int *listeners, size_t count, int life, int proxy);

#endif

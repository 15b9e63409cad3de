/** Where the first process of a daemon's container finds what it is and all that it is to have. */

/**
 * Where a container that a daemon makes has the launcher, and the directory with the socket at which that is given all it is
 * to have; the latter is empty by the time that there is a job.
 */
export const gatePlaces = { launcher: "/.cupel/launcher", gate: "/.cupel/gate", socket: "socket" } as const;

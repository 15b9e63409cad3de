/** A build that failed for a reason that its message gives in full; anything else that is thrown is a fault of the scripts. */
export class BuildError extends Error {}

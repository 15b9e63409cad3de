/** The errno behind an exception. */

/** A name for any failure of a file system call, also those that the runtime itself raises. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  throw error;
}

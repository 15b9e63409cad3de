/** Some tasks at once, and no more than that: a host has other work. */

/** Their results in the order of the tasks. @throws what the first that fails throws, once none is under way any more. */
export async function inParallel<Result>(tasks: readonly (() => Promise<Result>)[], most: number): Promise<Result[]> {
  const results = new Map<number, Result>();
  const failures: unknown[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < tasks.length && failures.length === 0) {
      const index = next++;
      try {
        const task = tasks[index];
        if (task !== undefined) results.set(index, await task());
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: most }, work));
  if (failures.length > 0) throw failures[0];
  return tasks.flatMap((_, index) => (results.has(index) ? [results.get(index) as Result] : []));
}

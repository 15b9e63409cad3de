/** Waiting for something that has to come to pass, with a bound. */

const pauseMs = 5;

/** Asks until the answer is neither undefined nor false, and gives it. @throws when `withinMs` has passed. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 10_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`);
    await Bun.sleep(pauseMs);
  }
}

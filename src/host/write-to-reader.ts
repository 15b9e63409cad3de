/** Writes to whoever may be slow to read, while everything else goes on. */
import { write } from "node:fs";

const pauseMs = 2;

/** As much as is taken now; 0 where the descriptor does not block and is full. @throws the errno of any other failure. */
function writeSome(descriptor: number, bytes: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  write(descriptor, bytes, (error, written) => {
    if (error === null) resolve(written);
    else if (error.code === "EAGAIN") setTimeout(() => resolve(0), pauseMs);
    else reject(error);
  });
  return promise;
}

/** Done when all of it is written. @throws an error with a code where it cannot be. */
export async function writeToReader(descriptor: number, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await writeSome(descriptor, rest));
}

/** Encodes which directory is meant by the path where the caller stands. */
import type { InstructionWriter } from "./instruction-writer.ts";
import type { LaunchBinding } from "./launch-binding.ts";
import { recordKinds } from "./protocol.ts";

/** Its record, where there is such a directory. @throws CupelError `usage` where the path holds a NUL. */
export function encodePinned(writer: InstructionWriter, { pinned }: LaunchBinding): void {
  if (pinned === undefined) return;
  writer.record(recordKinds.pinned, () => {
    writer.text(pinned.directory);
    // Two numbers of 64 bits, in the order of the machine that the launcher runs on.
    writer.raw(Buffer.from(BigUint64Array.from(pinned.inode.split(":"), BigInt).buffer));
  });
}

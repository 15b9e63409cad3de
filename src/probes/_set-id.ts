/** Programs that are more than who runs them: by their set-uid bit or by capabilities of the file. */
import type { Host } from "../host/host.ts";
import type { Evidence } from "../model/capability.ts";
import { oneLine } from "./_host-text.ts";
import { describeEnd, endedWell } from "./_program.ts";

/** What a file says of its privileges. */
export interface Privilege {
  readonly text: string;
  /** Whether there is any; undefined where it could not be read. */
  readonly held: boolean | undefined;
  /** Set-uid, but for an owner who is not root in this user namespace: the kernel then leaves the bit aside. */
  readonly isForeign: boolean;
  readonly evidence: readonly Evidence[];
}

/** Reads the mode, and where that says nothing asks getcap(8), if it is there: file capabilities are an attribute. */
export async function describePrivilege(host: Host, path: string): Promise<Privilege> {
  const status = host.status(path);
  if (!status.ok) return tell(status.errno, undefined, [{ action: `stat ${path}`, result: status.errno }]);
  const { mode, uid } = status.value;
  const seen = { action: `stat ${path}`, result: `mode ${mode.toString(8)}, owner ${uid}` };
  const isSetUid = (mode & 0o4000) !== 0;
  if (isSetUid && uid === 0) return tell("set-uid root", true, [seen]);
  if (isSetUid) {
    const text = `set-uid for user ${uid}, who is not root in this user namespace`;
    return { ...tell(text, false, [seen]), isForeign: true };
  }
  const [getcap] = host.findPrograms("getcap");
  return getcap === undefined
    ? tell("not set-uid; no getcap to ask", undefined, [seen])
    : askCapabilities(host, getcap, path, seen);
}

async function askCapabilities(host: Host, getcap: string, path: string, seen: Evidence): Promise<Privilege> {
  const result = await host.run(getcap, [path], { deadlineMs: 1000 });
  if (!endedWell(result)) {
    const asked = { action: `getcap ${path}`, result: describeEnd(result) };
    return tell("not set-uid; getcap failed", undefined, [seen, asked]);
  }
  const capabilities = oneLine(result.stdout.replace(path, "").replace("=", ""));
  const evidence = [seen, { action: `getcap ${path}`, result: capabilities || "none" }];
  const text = capabilities === "" ? "neither set-uid nor with capabilities" : `with ${capabilities}`;
  return tell(text, capabilities !== "", evidence);
}

function tell(text: string, held: boolean | undefined, evidence: readonly Evidence[]): Privilege {
  return { text, held, isForeign: false, evidence };
}

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
  readonly evidence: readonly Evidence[];
}

/** Reads the mode, and where that says nothing asks getcap(8), if it is there: file capabilities are an attribute. */
export async function describePrivilege(host: Host, path: string): Promise<Privilege> {
  const status = host.status(path);
  if (!status.ok) {
    return { text: status.errno, held: undefined, evidence: [{ action: `stat ${path}`, result: status.errno }] };
  }
  const mode = { action: `stat ${path}`, result: `mode ${status.value.mode.toString(8)}, owner ${status.value.uid}` };
  if (status.value.uid === 0 && (status.value.mode & 0o4000) !== 0) {
    return { text: "set-uid root", held: true, evidence: [mode] };
  }
  const [getcap] = host.findPrograms("getcap");
  if (getcap === undefined) return { text: "not set-uid; no getcap to ask", held: undefined, evidence: [mode] };
  const result = await host.run(getcap, [path], { deadlineMs: 1000 });
  if (!endedWell(result)) {
    const evidence = [mode, { action: `getcap ${path}`, result: describeEnd(result) }];
    return { text: "not set-uid; getcap failed", held: undefined, evidence };
  }
  const capabilities = oneLine(result.stdout.replace(path, "").replace("=", ""));
  const evidence = [mode, { action: `getcap ${path}`, result: capabilities || "none" }];
  const text = capabilities === "" ? "neither set-uid nor with capabilities" : `with ${capabilities}`;
  return { text, held: capabilities !== "", evidence };
}

/** What the probe of control groups finds on this machine: places where groups can really be made. */
import { createRealHost } from "../../src/host/real-host.ts";
import { createNativeHelpers } from "../../src/launch/native-helpers.ts";
import { buildMatrix } from "../../src/matrix/build-matrix.ts";
import type { Matrix } from "../../src/model/capability.ts";
import controlGroupsProbe from "../../src/probes/control-groups.ts";
import { makeTempDir } from "./temp-dir.ts";

/** Measures it now. */
export async function measureControlGroups(): Promise<Matrix> {
  using directory = makeTempDir();
  const host = createRealHost();
  const helpers = createNativeHelpers(host, [directory.at("state")]);
  return buildMatrix({ host, helpers, deep: false }, [controlGroupsProbe]);
}

/** Fixture hosts with what the prober says of devices and networks, and with changes to either. */
import type { ProbeContext } from "../../src/probes/_probe.ts";
import { createFixtureContext, type Fixture, type FixtureFile } from "./fixture-host.ts";

/** What differs from a fixture. */
export interface Changes {
  readonly files?: Readonly<Record<string, FixtureFile>>;
  readonly transcripts?: Readonly<Record<string, string>>;
  readonly programs?: NonNullable<Fixture["host"]["programs"]>;
  readonly uid?: number;
  readonly deep?: boolean;
}

/** The context of a fixture host that differs in this; a file that ends with ENOENT is not there. */
export function alteredContext(fixture: Fixture, changes: Changes): ProbeContext {
  const { host, helpers } = fixture;
  const context = createFixtureContext({
    host: {
      ...host,
      ...(changes.uid === undefined ? {} : { uid: changes.uid }),
      files: { ...host.files, ...changes.files },
      programs: changes.programs ?? host.programs ?? {},
    },
    helpers: { ...helpers, transcripts: { ...helpers.transcripts, ...changes.transcripts } },
  });
  return { ...context, deep: changes.deep ?? false };
}

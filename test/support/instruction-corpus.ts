/** Instructions for the launcher's reader: what a fuzzer found to be unlike each other, and what cupel itself writes. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { encodeInstruction } from "../../src/launch/encode-instruction.ts";
import { protocolVersion } from "../../src/launch/protocol.ts";
import { strategies } from "../../src/strategies/registry.gen.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { makerCallOf } from "../fixtures/jobs/plans.ts";
import { allStandings } from "../fixtures/matrices/standings.ts";
import { repositoryRoot } from "./compile-c.ts";

const corpusPath = join(repositoryRoot, "test/fixtures/instructions/corpus.gz");

/** Where the header says which version it is (protocol.ts). */
const versionAt = 4;

/** Stands for the current version in the file: a corpus of last year's would else be refused at the first look. */
const anyVersion = 0xffff_fffe;

function withVersion(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const view = new DataView(copy.buffer);
  if (copy.length >= versionAt + 4 && view.getUint32(versionAt, true) === from) view.setUint32(versionAt, to, true);
  return copy;
}

/** Each with its length before it, as read-instruction.c takes them. */
export function joinInstructions(instructions: readonly Uint8Array[]): Buffer {
  const length = (bytes: Uint8Array): Uint8Array => new Uint8Array(Uint32Array.of(bytes.length).buffer);
  return Buffer.concat(instructions.flatMap((bytes) => [length(bytes), bytes]));
}

function splitInstructions(joined: Buffer): Uint8Array[] {
  const instructions: Uint8Array[] = [];
  for (let at = 0; at < joined.length;) {
    const end = at + 4 + joined.readUInt32LE(at);
    instructions.push(joined.subarray(at + 4, end));
    at = end;
  }
  return instructions;
}

/** The corpus that is kept. */
export function readCorpus(): Uint8Array[] {
  const kept = splitInstructions(gunzipSync(readFileSync(corpusPath)));
  return kept.map((bytes) => withVersion(bytes, anyVersion, protocolVersion));
}

/** Keeps another, the shortest first. */
export function writeCorpus(instructions: readonly Uint8Array[]): void {
  const sorted = instructions.toSorted((one, other) => one.length - other.length || Buffer.compare(one, other));
  const kept = sorted.map((bytes) => withVersion(bytes, protocolVersion, anyVersion));
  writeFileSync(corpusPath, gzipSync(joinInstructions(kept), { level: 9 }));
}

/** What cupel writes: every strategy's plan on every host of the fixtures, for jobs that differ. */
export function encodedSeeds(): Uint8Array[] {
  const jobs = [
    jobOf(),
    jobOf({ network: "host", environment: { A: "1", EMPTY: "" }, limits: { graceMs: 0, timeoutMs: 1, pids: 1 } }),
    jobOf({
      limits: { graceMs: 1, cpuTimeMs: 2, idleMs: 3, outputBytes: 4, onOutput: "kill", diskBytes: 5, diskFiles: 6 },
    }),
    jobOf({ network: "allow", allowedHosts: ["a.example"] }),
    jobOf({
      setup: { command: ["/bin/sh", "-c", "true"], allowedHosts: ["a.example"] },
      published: [
        { address: { version: 4, bytes: [127, 0, 0, 1] }, port: 0, jobPort: 65_535 },
        { address: { version: 6, bytes: [...Array.from({ length: 15 }, () => 0), 1] }, port: 1, jobPort: 1 },
      ],
    }),
    jobOf({
      secrets: [
        { name: "A", delivery: "file" },
        { name: "B", delivery: "descriptor" },
        { name: "C", delivery: "descriptor" },
      ],
    }),
    jobOf({ workspace: { mode: "rw", path: "/w" }, grants: [{ path: "/srv", access: "write" }], hidden: ["/srv/s"] }),
  ];
  const seeds = (["x64", "arm64"] as const).flatMap((architecture) =>
    strategies.flatMap((strategy) =>
      Object.values(allStandings).flatMap((standings) =>
        jobs.map((job) => {
          const plan = strategy.plan(job, standings);
          return encodeInstruction(plan, {
            outside: { uid: 1000, gid: 1000 },
            controlGroups: ["/sys/fs/cgroup/a", "/sys/fs/cgroup/b"],
            rehearsal: false,
            proxy: "/run/proxy",
            scratch: "/scratch",
            name: "job",
            pinned: { directory: "/w", inode: "2049:131" },
            maker: makerCallOf(plan),
            given: new Map(["A", "B", "C"].map((name) => [name, Buffer.from(name)])),
            architecture,
          });
        }),
      ),
    ),
  );
  return [...new Map(seeds.map((bytes) => [Bun.hash(bytes), bytes])).values()];
}

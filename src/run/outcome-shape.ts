/** The shapes of outcomes, for publishing and for tests: what `--result` writes, and a line of a batch. */
import * as v from "valibot";
import { artifactRefusals } from "../model/artifact.ts";
import { evidenceLevels } from "../model/capability.ts";
import { guaranteeIds } from "../model/guarantee.ts";
import { deniedKinds, denialReasons } from "../model/denial.ts";
import { causeCodes, outcomeStatuses } from "../model/ending.ts";
import { limitNames, outcomeSchema } from "../model/outcome.ts";
import { batchOutcomeSchema } from "./batch-outcome.ts";

const guarantee = v.picklist(guaranteeIds);

const evidence = v.strictObject({ action: v.string(), result: v.string() });

const cause = {
  code: v.picklist(causeCodes),
  summary: v.pipe(v.string(), v.description("one line")),
};

const ending = {
  status: v.picklist(outcomeStatuses),
  inSetup: v.optional(
    v.pipe(v.literal(true), v.description("it is the set-up command that ended so; the job's own was not started")),
  ),
  code: v.optional(v.pipe(v.number(), v.description("the job's own exit code, where it exited"))),
  signal: v.optional(v.strictObject({ name: v.string(), number: v.number() })),
  exitCode: v.pipe(v.number(), v.description("exit code of cupel run")),
  strategy: v.optional(v.string()),
  report: v.optional(v.pipe(v.string(), v.description("id of the report that the choice was made from"))),
};

const run = v.optional(v.pipe(v.string(), v.description("what cupel runs knows it by, where it was recorded")));

const level = v.optional(
  v.pipe(v.picklist(evidenceLevels), v.description("the weakest evidence of what it stands on")),
);

const decision = v.variant("kept", [
  v.strictObject({
    id: guarantee,
    kept: v.literal(true),
    mechanism: v.string(),
    capabilities: v.array(v.string()),
    level,
  }),
  v.strictObject({ id: guarantee, kept: v.literal(false), reason: v.string(), missing: v.optional(v.string()) }),
]);

const limit = v.strictObject({
  name: v.picklist(limitNames),
  id: v.optional(guarantee),
  scope: v.pipe(
    v.picklist(["tree", "process"]),
    v.description("process: each process has it for itself, so a tree may use it up many times"),
  ),
  requested: v.pipe(v.number(), v.description("bytes, milliseconds, CPUs, or a count")),
  stated: v.pipe(v.boolean(), v.description("false: a default")),
  enforced: v.boolean(),
  by: v.string(),
});

const traffic = { readBytes: v.number(), writtenBytes: v.number() };

const usage = v.strictObject({
  wallMs: v.number(),
  userMs: v.number(),
  systemMs: v.number(),
  maxRssBytes: v.pipe(v.number(), v.description("of the largest process, not of the tree")),
  tree: v.optional(
    v.pipe(
      v.strictObject({
        cpuMs: v.optional(v.number()),
        peakMemoryBytes: v.optional(v.number()),
        peakPids: v.optional(v.number()),
        io: v.optional(v.strictObject(traffic)),
      }),
      v.description("of the whole tree, as its control groups counted"),
    ),
  ),
  blocks: v.pipe(
    v.strictObject(traffic),
    v.description("from and to disks, by the processes that were waited for, in blocks of 512 bytes (getrusage(2))"),
  ),
});

const decided = {
  accepted: v.pipe(v.array(guarantee), v.description("demanded guarantees that were given up by name")),
  degraded: v.pipe(
    v.array(v.strictObject({ id: guarantee, reason: v.string() })),
    v.description("wanted and not kept: given up by name, or a default cap that nothing keeps here"),
  ),
  limits: v.array(limit),
  usage: v.optional(usage),
};

const output = v.strictObject({
  stream: v.picklist(["stdout", "stderr", "terminal"]),
  bytes: v.pipe(v.number(), v.description("what the job wrote")),
  isTruncated: v.pipe(v.boolean(), v.description("less was passed on, for a cap")),
});

const amount = v.pipe(v.number(), v.integer());

const workspace = v.pipe(
  v.strictObject({
    manner: v.picklist(["overlay", "fuse", "copy"]),
    changes: v.optional(
      v.strictObject({
        added: amount,
        modified: amount,
        deleted: amount,
        "type-changed": amount,
        "mode-changed": amount,
        sizeBytes: v.pipe(amount, v.description("in files that were added, modified or took another's place")),
      }),
    ),
    id: v.optional(v.pipe(v.string(), v.description("what cupel changes, apply and discard know them by"))),
    isApplied: v.optional(v.boolean()),
    lost: v.optional(v.pipe(v.string(), v.description("why the changes could not be read"))),
  }),
  v.description("what the job changed in its copy-on-write workspace"),
);
const network = v.strictObject({
  isCutOff: v.pipe(v.boolean(), v.description("what carried the job's connections was killed before the job ended")),
  allowed: v.pipe(v.number(), v.description("connections that were made")),
  denied: v.pipe(v.number(), v.description("connections that were denied")),
  denials: v.pipe(
    v.array(
      v.strictObject({
        host: v.pipe(v.string(), v.description("as the job named it; empty where it sent no request")),
        port: v.number(),
        reason: v.picklist(denialReasons),
        address: v.optional(v.pipe(v.string(), v.description("what the host's name led to"))),
        kind: v.optional(
          v.pipe(
            v.string(),
            v.description("what is special about the address, or wrong with a request or what came after it"),
          ),
        ),
        count: v.number(),
      }),
    ),
    v.description("each destination and reason once; the first hundred"),
  ),
});

const artifacts = v.strictObject({
  directory: v.pipe(v.string(), v.description("where the copies are")),
  files: v.array(v.strictObject({ path: v.string(), bytes: amount, sha256: v.string() })),
  refused: v.pipe(
    v.array(v.strictObject({ path: v.string(), reason: v.picklist(artifactRefusals), errno: v.optional(v.string()) })),
    v.description("what matches and was not copied; the first hundred"),
  ),
  refusedCount: amount,
  missing: v.pipe(v.array(v.string()), v.description("globs that nothing was copied for")),
});

const denied = v.strictObject({
  kind: v.pipe(
    v.picklist(deniedKinds),
    v.description("memory: processes that were ended; system-call: the one that the job ended at"),
  ),
  by: v.string(),
  count: amount,
});

const denial = v.strictObject({
  call: v.string(),
  errno: v.string(),
  subject: v.optional(v.pipe(v.string(), v.description("a path, or an address with its port"))),
  access: v.picklist(["read", "write", "connect", "call"]),
  count: v.number(),
  grant: v.optional(v.pipe(v.array(v.string()), v.description("the narrowest flags that would grant it"))),
  note: v.optional(v.pipe(v.string(), v.description("what is to be known of the grant, or why there is none"))),
});

/** What `--result` writes. */
export const outcomeShape = v.strictObject({
  schema: v.literal(outcomeSchema),
  run,
  ...ending,
  cause: v.strictObject({ ...cause, evidence: v.array(evidence) }),
  guarantees: v.array(decision),
  ...decided,
  denied: v.optional(
    v.pipe(v.array(denied), v.description("what was counted; more may have failed with an error to the job alone")),
  ),
  phases: v.optional(v.strictObject({ setupMs: v.number(), runMs: v.number(), teardownMs: v.number() })),
  output: v.optional(v.pipe(v.array(output), v.description("of outputs that cupel relayed; nobody counts the others"))),
  workspace: v.optional(workspace),
  setup: v.optional(
    v.pipe(
      v.strictObject({ wallMs: v.number(), code: ending.code, signal: ending.signal }),
      v.description("of the command that ran before the job's; where it failed, the job's did not run"),
    ),
  ),
  published: v.optional(
    v.pipe(
      v.array(v.strictObject({ address: v.string(), port: v.number(), jobPort: v.number() })),
      v.description("ports of the host's that led to ports of the job's"),
    ),
  ),
  network: v.optional(v.pipe(network, v.description("of a job that lists what it may connect to"))),
  artifacts: v.optional(v.pipe(artifacts, v.description("of a job whose artifacts are collected"))),
  denials: v.optional(v.pipe(v.array(denial), v.description("of --explain-denials: the last to happen first"))),
});

const counted = { bytes: v.number(), isTruncated: v.boolean() };

const captured = v.optional(
  v.union([
    v.strictObject({ ...counted, text: v.string() }),
    v.strictObject({ ...counted, base64: v.pipe(v.string(), v.description("of what is not UTF-8")) }),
  ]),
);

/** What a batch writes of each of its lines. */
export const batchOutcomeShape = v.strictObject({
  schema: v.literal(batchOutcomeSchema),
  line: v.pipe(v.number(), v.description("counted from 1")),
  id: v.optional(v.string()),
  ...ending,
  cause: v.strictObject(cause),
  kept: v.array(guarantee),
  ...decided,
  stdout: captured,
  stderr: captured,
});

import { expect, test } from "bun:test";
import { launchBlocks, rootBlocks } from "../../src/report/launch-blocks.ts";
import { layOutBlocks } from "../../src/report/lay-out-blocks.ts";
import { job, launch } from "../fixtures/reports/jobs.ts";
import { plainStyle } from "./printed-lines.ts";

test("a kernel of the job's own is named, how it is called, and the root around the job's", () => {
  const guest = {
    program: "gvisor",
    command: ["/runsc", "run"],
    root: [{ step: "proc", destination: "/proc" }],
    startTimeoutMs: 1,
  } as const;
  const textOf = (plan: typeof launch): string =>
    layOutBlocks([...launchBlocks(job(), plan), ...rootBlocks(plan)], plainStyle);
  const kernel = "    Kernel: gvisor's, in the sandbox of the host's: /runsc run NAME.\n";
  const around = "\nAround it (the job's root is /job there)\n    1. /proc: the job's own processes, freshly mounted\n";
  const text = textOf({ ...launch, guest });
  expect(text).toContain(kernel);
  expect(text).toEndWith(around);
  expect(text.replace(kernel, "").replace(around, "")).toBe(textOf(launch));
});

import { describe, expect, test } from "bun:test";
import { CupelError } from "../../../src/model/error.ts";
import { defaultRequest, type JobRequest } from "../../../src/run/job-request.ts";
import { withSecrets } from "../../../src/run/secrets/resolve-secrets.ts";
import { jobOf } from "../../fixtures/jobs/jobs.ts";

const request = (parts: Partial<JobRequest>): JobRequest => ({ ...defaultRequest, ...parts });

function refusal(parts: Partial<JobRequest>, job = jobOf()): string {
  try {
    withSecrets(job, request(parts));
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage") return error.message;
    throw error;
  }
  return "nothing";
}

const allowedHosts = ["a.example"];
const injected = ["a.example: A: {T}"];

describe("withSecrets", () => {
  test("gives each in its way, and those that a header names to the proxy alone", () =>
    expect(
      withSecrets(
        jobOf(),
        request({
          secrets: ["T=fd:3", "U=file:u"],
          secretDescriptors: ["V=fd:4"],
          allowedHosts,
          injected,
          masksOutput: true,
        }),
      ),
    ).toEqual({
      ...jobOf(),
      secrets: [
        { name: "T", delivery: "proxy" },
        { name: "U", delivery: "file" },
        { name: "V", delivery: "descriptor" },
      ],
      injections: [{ host: "a.example", header: "A", value: "{T}" }],
      masksOutput: true,
    }));

  test("puts headers into requests of the set-up command's, too", () => {
    const setup = { setup: "a", setupAllowedHosts: allowedHosts };
    expect(withSecrets(jobOf(), request({ ...setup, secrets: ["T=fd:3"], injected }))).toEqual({
      ...jobOf(),
      secrets: [{ name: "T", delivery: "proxy" }],
      injections: [{ host: "a.example", header: "A", value: "{T}" }],
    });
  });

  test.each([
    [
      { secrets: ["T=fd:3"], secretDescriptors: ["T=fd:4"] },
      "--secret-fd T is stated twice; give each secret a name of its own",
    ],
    [
      { secrets: Array.from({ length: 33 }, (_, index) => `T${index}=fd:3`) },
      "33 secrets are stated, and a job is given at most 32",
    ],
    [
      { masksOutput: true },
      "--mask-output takes secrets out of the output, and none is stated; add --secret, or leave it out",
    ],
    [
      { injected, secrets: ["T=fd:3"] },
      "--inject-header: the job may not connect to a.example; list it (--allow-host a.example)",
    ],
    [{ injected, allowedHosts }, "--inject-header names {T}, and no such secret is stated; add --secret T=…"],
    [
      { injected: ["a.example: A: b"], allowedHosts, secrets: ["T=fd:3"] },
      "--inject-header names no secret; write its name in braces, as in Bearer {TOKEN}",
    ],
    [
      { injected, allowedHosts, secretDescriptors: ["T=fd:3"] },
      "--secret-fd T is named by a header, so that the job itself is not given it; state it by --secret, or under another name too",
    ],
  ] satisfies [Partial<JobRequest>, string][])("refuses %j", (parts, message) => expect(refusal(parts)).toBe(message));

  test("refuses a grant that lies over, or under, the place of the files", () => {
    const job = jobOf({ grants: [{ path: "/run", access: "read" }] });
    expect(refusal({ secrets: ["T=fd:3"] }, job)).toBe(
      "/run cannot be granted beside secrets, whose files lie in /run/secrets; leave it out, or give them by --secret-fd",
    );
    expect(refusal({ secretDescriptors: ["T=fd:3"] }, job)).toBe("nothing");
  });
});

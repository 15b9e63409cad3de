import { expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";
import { defaultRequest, type JobRequest } from "../../src/run/job-request.ts";
import { resolveDirectPorts } from "../../src/run/direct-ports.ts";

function request(own: Partial<JobRequest>): JobRequest {
  return { ...defaultRequest, isTransparent: true, ...own };
}

test.each([
  [{ allowedHosts: ["a.example"] }, [53, 80, 443]],
  [{ allowedHosts: ["*.a.example:5432", "10.0.0.0/8:22", "[::1]:22"] }, [22, 53, 5432]],
  [{ allowedHosts: ["8.8.8.8:53"] }, [53]],
  [{ setupAllowedHosts: ["a.example:443"], allowedHosts: ["b.example:1"] }, [1, 53, 443]],
  [{ allowedHosts: ["a.example:443"], publish: ["8080:3000"] }, [53, 443]],
] as const)("%j is taken at ports %j", (own, ports) => expect(resolveDirectPorts(request(own))).toEqual([...ports]));

test("a configuration that asks for it says nothing of a job without a list", () => {
  const origins = [
    {
      flag: "transparent-network",
      value: "",
      from: "user",
      place: "cupel.yaml:1:1",
      field: "network.transparent",
    },
  ] as const;
  expect(resolveDirectPorts(request({ origins }))).toBeUndefined();
});

const many = Array.from({ length: 62 }, (_, index) => `a.example:${index + 100}`);

test.each([
  [{}, "--transparent-network is about a list of destinations; give --allow-host, too, or leave it out"],
  [
    { allowedHosts: ["a.example:*"] },
    '--allow-host "a.example:*" and --transparent-network: each port has to be listened on, and this names none; name those that are meant',
  ],
  [
    { allowedHosts: ["a.example:61080"] },
    '--allow-host "a.example:61080" and --transparent-network: port 61080 is where cupel\'s proxy is; leave one out',
  ],
  [
    { setupAllowedHosts: ["198.0.0.0/8:1"] },
    '--setup-allow-host "198.0.0.0/8:1" and --transparent-network: addresses in 198.18.0.0/15 stand for names there; leave one out',
  ],
  [{ allowedHosts: many }, "--transparent-network takes lists of at most 61 ports, and these are 62"],
  [
    { allowedHosts: ["a.example:443"], publish: ["8080:3000", "8443:443"] },
    "--publish leads to a port of the job's that --transparent-network takes for destinations; take another port",
  ],
])("%j is refused", (own, words) =>
  expect(() => resolveDirectPorts(request(own))).toThrow(new CupelError("usage", words)),
);

test("61 ports are not too many", () =>
  expect(resolveDirectPorts(request({ allowedHosts: many.slice(1) }))).toHaveLength(62));

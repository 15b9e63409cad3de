import { describe, expect, test } from "bun:test";
import { proxyFor, proxyVariables } from "../../src/strategies/_proxy.ts";
import namespaces from "../../src/strategies/namespaces.ts";
import { jobOf } from "../fixtures/jobs/jobs.ts";
import { except, rootEverything } from "../fixtures/matrices/standings.ts";
import { printChanges } from "../support/print-decisions.ts";

describe("proxyVariables", () => {
  test("say where the proxy is in both spellings, and keep the job's own loopback to itself", () => {
    const http = "http://127.0.0.1:61080";
    const socks = "socks5h://127.0.0.1:61081";
    const direct = "localhost,127.0.0.1,::1";
    expect(proxyVariables(proxyFor({ allowedHosts: ["a.example"] }))).toEqual({
      http_proxy: http,
      https_proxy: http,
      all_proxy: http,
      socks_proxy: socks,
      no_proxy: direct,
      HTTP_PROXY: http,
      HTTPS_PROXY: http,
      ALL_PROXY: http,
      SOCKS_PROXY: socks,
      NO_PROXY: direct,
      NODE_USE_ENV_PROXY: "1",
    });
  });
});

describe("listed destinations", () => {
  test("are kept in the place of no network, in a network namespace and not without one", () => {
    const listed = jobOf({ network: "allow", allowedHosts: ["a.example:443"] });
    const decisions = namespaces.guarantees(listed, rootEverything);
    expect(printChanges(namespaces.guarantees(jobOf(), rootEverything), decisions)).toMatchInlineSnapshot(`
      "
      net.none NOT: the job may connect to the destinations that it lists (--allow-host)
      net.allowlist: a network namespace with nothing but a loopback, on which a proxy of cupel's takes what is listed, and no more [ns.network]
      "
    `);
    const without = namespaces.guarantees(listed, except(rootEverything, "blocked", "ns.network"));
    expect(without.find(({ id }) => id === "net.allowlist")).toMatchObject({ kept: false, missing: "ns.network" });
  });

  test("are given by a proxy on a loopback, and variables that name it, which the job's go over", () => {
    const allowedHosts = ["a.example:443", "*.b.example"];
    const listing = jobOf({ network: "allow", allowedHosts, environment: { no_proxy: "a.example" } });
    const plan = namespaces.plan(listing, rootEverything);
    expect([plan.namespaces.includes("network"), plan.loopbackUp, plan.proxy]).toEqual([
      true,
      true,
      { httpPort: 61_080, socksPort: 61_081, allow: allowedHosts },
    ]);
    expect(plan.environment).toMatchObject({ https_proxy: "http://127.0.0.1:61080", no_proxy: "a.example" });
    expect(plan.root.filter((step) => "destination" in step && step.destination === "/etc/resolv.conf")).toEqual([]);
    // Given up by name: without a namespace of its own there is nothing to listen in.
    const without = namespaces.plan(listing, except(rootEverything, "blocked", "ns.network"));
    expect([without.proxy, without.environment["https_proxy"]]).toEqual([undefined, undefined]);
  });

  test("are in reach of programs that know of no proxy, where that is asked for: by ports, and a server of names", () => {
    const allowedHosts = ["a.example:443"];
    const listing = jobOf({ network: "allow", allowedHosts, directPorts: [53, 443] });
    const { proxy, root } = namespaces.plan(listing, rootEverything);
    expect(proxy).toEqual({ httpPort: 61_080, socksPort: 61_081, directPorts: [53, 443], allow: allowedHosts });
    expect(root.filter((step) => "destination" in step && step.destination === "/etc/resolv.conf")).toEqual([
      { step: "file", destination: "/etc/resolv.conf", content: "nameserver 127.0.0.1\n" },
    ]);
  });
});

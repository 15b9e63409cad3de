/** A proxy whose rules change while it runs. */
import { describe, expect, test } from "bun:test";
import { open, tunnelTo } from "../../support/proxy-client.ts";
import { established, http, nothing, useProxyTrials } from "../../support/proxy-trials.ts";

describe("a proxy", () => {
  const trials = useProxyTrials();
  const { startFor } = trials;

  test("cuts off what is open when other rules come, and judges by those from then on", async () => {
    const port = trials.portOf("echoing");
    const proxy = await startFor([`127.0.0.1:${port}`]);
    const [tunnel, asking] = [open(proxy, http, tunnelTo("127.0.0.1", port)), open(proxy, http, "CONNECT 127")];
    await new Promise((resolve) => tunnel.socket.once("data", resolve));
    proxy.allowOnly([]);
    expect([await tunnel.received, await asking.received]).toEqual([established, ""]);
    expect(await open(proxy, http, tunnelTo("127.0.0.1", port), true).received).toStartWith("HTTP/1.1 403 Forbidden");
    expect(await proxy.close()).toEqual({
      allowed: 1,
      denied: 1,
      denials: [{ host: "127.0.0.1", port, reason: "host-not-listed", count: 1 }],
    });
  });

  test("keeps no connection that was under way when other rules came", async () => {
    const port = trials.portOf("echoing");
    const asked = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<readonly string[]>();
    const proxy = await startFor([`a.test:${port}`, `127.0.0.1:${port}`], () => {
      asked.resolve();
      return answered.promise;
    });
    const client = open(proxy, http, tunnelTo("a.test", port), true);
    await asked.promise;
    proxy.allowOnly([]);
    answered.resolve(["127.0.0.1"]);
    expect([await client.received, await proxy.close()]).toEqual(["", nothing]);
  });
});

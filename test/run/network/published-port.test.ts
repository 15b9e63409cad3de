import { describe, expect, test } from "bun:test";
import { CupelError } from "../../../src/model/error.ts";
import { renderIpAddress } from "../../../src/model/ip-address.ts";
import { parsePublishedPort } from "../../../src/run/network/published-port.ts";

function read(text: string): string {
  try {
    const { address, port, jobPort } = parsePublishedPort(text, "--publish");
    return `${renderIpAddress(address)} ${port} ${jobPort}`;
  } catch (error) {
    if (!(error instanceof CupelError)) throw error;
    return error.message;
  }
}

const rest =
  "publishes no port: it takes a port of the host's (0: any that is free) and one of the job's, and an address of the host's before them if not its loopback; write";

describe("a published port", () => {
  test.each([
    ["8080:3000", "127.0.0.1 8080 3000"],
    ["0:1", "127.0.0.1 0 1"],
    ["65535:65535", "127.0.0.1 65535 65535"],
    ["0.0.0.0:80:3000", "0.0.0.0 80 3000"],
    ["[::1]:8080:3000", "::1 8080 3000"],
  ])("is read from %s", (text, means) => expect(read(text)).toBe(means));

  test.each([
    ["3000", "3000:3000"],
    ["", "8080:3000"],
    ["8080:0", "8080:3000"],
    ["65536:1", "8080:3000"],
    ["08080:1", "8080:3000"],
    ["8080:3000/udp", "8080:3000"],
    ["localhost:8080:3000", "8080:3000"],
    ["::1:8080:3000", "8080:3000"],
    ["[127.0.0.1]:8080:3000", "8080:3000"],
    ["127.1:8080:3000", "8080:3000"],
    ["8080:3000\n", "8080:3000"],
  ])("is not %j, and one is proposed", (text, nearest) =>
    expect([read(text), read(nearest).includes("publishes no port")]).toEqual([
      `--publish ${JSON.stringify(text)} ${rest} ${nearest}`,
      false,
    ]),
  );
});

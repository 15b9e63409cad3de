import { describe, expect, test } from "bun:test";
import { proxyFor, proxyVariables } from "../../src/strategies/_proxy.ts";

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

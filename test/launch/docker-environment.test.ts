import { expect, test } from "bun:test";
import { dockerEnvironment } from "../../src/launch/docker-environment.ts";

test("keeps what the engine is found by, and nothing else", () => {
  const own = {
    HOME: "/home/ada",
    DOCKER_HOST: "unix:///run/docker.sock",
    DOCKER_CONTEXT: undefined,
    PATH: "/home/ada/bin",
    LD_PRELOAD: "/tmp/evil.so",
    DOCKER_AUTH_CONFIG: "secret",
  };
  expect(dockerEnvironment(own)).toEqual({
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LC_ALL: "C",
    HOME: "/home/ada",
    DOCKER_HOST: "unix:///run/docker.sock",
  });
});

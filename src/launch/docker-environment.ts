/** What the Docker client is told of its caller. Pure. */

/** What tells it where its engine is (docker(1), "Environment variables"). */
const names = ["HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "XDG_RUNTIME_DIR"];

/** The client's environment, of the caller's own: what it finds its engine by, and nothing else of the user's. */
export function dockerEnvironment(own: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept = names.flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]));
  return { PATH: "/usr/local/bin:/usr/bin:/bin", LC_ALL: "C", ...Object.fromEntries(kept) };
}

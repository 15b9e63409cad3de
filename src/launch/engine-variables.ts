/** Variables by which Docker's client finds its engine (docker(1), "Environment variables"). */
export const engineVariables: readonly string[] = [
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "DOCKER_CONFIG",
  "DOCKER_CERT_PATH",
];

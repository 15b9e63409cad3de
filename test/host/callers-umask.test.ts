import { expect, test } from "bun:test";
import { join } from "node:path";
import { repositoryRoot } from "../support/compile-c.ts";
import { execute } from "../support/execute.ts";

const script = `
  import { callersUmask } from "${join(repositoryRoot, "src/host/callers-umask.ts")}";
  process.umask(callersUmask & 0o077);
  console.log(callersUmask.toString(8), process.umask().toString(8));
`;

test.each([
  ["0777", "777 77\n"],
  ["0277", "277 77\n"],
  ["0022", "22 22\n"],
  ["0", "0 0\n"],
])("umask %s stays known when this process takes another", async (umask, told) => {
  const words = ["sh", "-c", `umask ${umask}; exec "$0" "$@"`, process.execPath, "-e", script];
  expect(await execute(words)).toMatchObject({ code: 0, stdout: told, stderr: "" });
});

/**
 * What commands load, seen while they run. Each module costs its share of a few milliseconds, so nothing may come to be
 * among them unnoticed.
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { loadedBy, sizeOf, type LoadedModules } from "./support/loaded-modules.ts";
import { makeTempDir } from "./support/temp-dir.ts";
import { ordinaryCaller } from "./support/tester.ts";

const directory = makeTempDir({ owner: ordinaryCaller });

/** Commands that others have no business with. */
function commandsIn({ sources }: LoadedModules): string[] {
  const verbs = ["doctor", "check", "lock", "diff", "explain", "plan", "run", "schema", "verify", "self-test", "clean"];
  return verbs.filter((verb) => sources.includes(`commands/${verb}.ts`));
}

function renderersIn({ sources }: LoadedModules): string[] {
  return sources.flatMap((path) => /^report\/render-(.+)\.ts$/.exec(path)?.[1] ?? []);
}

/** Folders of `src/` that a command reads something of. */
function foldersIn({ sources }: LoadedModules): string[] {
  return [...new Set(sources.flatMap((path) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : [])))];
}

test("version loads what it writes and nothing else", async () => {
  expect(await loadedBy(directory, ["version"])).toEqual({
    sources: [
      "commands/description-parts.ts",
      "commands/descriptions-upkeep.ts",
      "commands/dispatch.ts",
      "commands/parse-command-line.ts",
      "commands/terminal.ts",
      "commands/version.ts",
      "host/callers-umask.ts",
      "host/errno-of.ts",
      "main.ts",
      "model/build.gen.ts",
      "model/error.ts",
      "model/nearest-word.ts",
      "report/render-json.ts",
      "report/render-version.ts",
    ],
    packages: [],
    runtime: ["fs"],
  });
});

test("--help loads descriptions, and no command", async () => {
  const loaded = await loadedBy(directory, ["--help"]);
  expect({ commands: commandsIn(loaded), renderers: renderersIn(loaded), packages: loaded.packages }).toEqual({
    commands: [],
    renderers: ["usage"],
    packages: [],
  });
  expect(foldersIn(loaded)).toEqual(["commands", "host", "model", "report", "run", "strategies"]);
});

/** What one run in some loads, by the first letter of its id: whether records are to be removed. */
const nowAndThen = "run/records-due.ts";

/** Besides what is generated. */
function always({ sources }: LoadedModules): string[] {
  return sources.filter((path) => !path.endsWith(".gen.ts") && path !== nowAndThen);
}

describe.each([
  ["without a workspace", directory.path, 234_000],
  ["with a layer over one", directory.folder("project"), 241_000],
])("run, with a saved report, %s,", (_where, cwd, bytesMax) => {
  let loaded: LoadedModules = { sources: [], packages: [], runtime: [] };
  beforeAll(async () => {
    await loadedBy(directory, ["run", "--", "true"], cwd);
    loaded = await loadedBy(directory, ["run", "--", "true"], cwd);
  });

  test("loads what starts a job", () =>
    expect(loaded.sources).toEqual(expect.arrayContaining(["main.ts", "commands/run.ts", "launch/start-launch.ts"])));

  test("loads no package, and of the runtime what every file needs", () =>
    expect({ packages: loaded.packages, runtime: loaded.runtime }).toEqual({ packages: [], runtime: ["fs"] }));

  test("loads no other command, no renderer, no probe", () =>
    expect({ commands: commandsIn(loaded), renderers: renderersIn(loaded), folders: foldersIn(loaded) }).toEqual({
      commands: ["run"],
      renderers: [],
      folders: ["commands", "host", "launch", "model", "report", "run", "select", "strategies"],
    }));

  test.each([
    "commands/descriptions.ts",
    "launch/compile-seccomp.ts",
    "launch/native-helpers.ts",
    "launch/seccomp-profile.ts",
    "report/build-report.ts",
    "report/report-schema.ts",
    "run/job-file.ts",
    "run/layered-request.ts",
    "run/network/start-proxy.ts",
    "run/network/destination-rule.ts",
    "report/denial-words.ts",
    "run/strict-document.ts",
  ])("does not load %s", (path) => expect(loaded.sources).not.toContain(path));

  test(`loads less than ${bytesMax} bytes of code besides what is generated`, () =>
    expect(sizeOf(always(loaded))).toBeLessThan(bytesMax));
});

test("check loads the renderer that is asked for, and no other command", async () => {
  const loaded = await loadedBy(directory, ["check", "--capability", "host.kernel", "--format", "junit"]);
  expect({ commands: commandsIn(loaded), renderers: renderersIn(loaded), packages: loaded.packages }).toEqual({
    commands: ["check"],
    renderers: ["check", "json", "junit"],
    packages: ["valibot"],
  });
});

test("doctor loads the renderer that is asked for, and no other command", async () => {
  const loaded = await loadedBy(directory, ["doctor", "--format", "labels"]);
  expect({ commands: commandsIn(loaded), renderers: renderersIn(loaded), packages: loaded.packages }).toEqual({
    commands: ["doctor"],
    renderers: ["features"],
    packages: ["valibot"],
  });
});

/** Writes every generated source. With --check it fails, naming them, if committed ones are not what it would write. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { buildIdentityPath, renderBuildIdentity } from "./gen/build-identity.ts";
import { compiledSeccompPath, renderCompiledSeccomp, type CompiledProfiles } from "./gen/compiled-seccomp.ts";
import { embeddedHelpersPaths, renderEmbeddedHelpers } from "./gen/embedded-helpers.ts";
import { gitlabTemplatePath, preflightPath, renderGitlabTemplate } from "./gen/gitlab-template.ts";
import { readmePath, renderReadme, type ReadmeFacts } from "./gen/readme.ts";
import { listPlugins, registryKinds, renderRegistry } from "./gen/registry.ts";
import { loadHost } from "./hosts/list-hosts.ts";
import { readResults } from "./hosts/results.ts";
import { readIfThere, repositoryRoot, writeIfChanged } from "./source/repository.ts";

/** A file that is generated. */
export interface GeneratedFile {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
  /** Committed ones are reviewed and must be fresh; the others are made by every build. */
  readonly isCommitted: boolean;
}

/** Everything that this script writes, in the order of writing. */
export async function generate(root: string = repositoryRoot): Promise<GeneratedFile[]> {
  const registries = registryKinds
    .filter(({ folder }) => existsSync(join(root, "src", folder)))
    .map((kind) => ({
      path: `src/${kind.folder}/registry.gen.ts`,
      text: renderRegistry(kind, listPlugins(kind, root)),
      isCommitted: true,
    }));
  const identity = { path: buildIdentityPath, text: renderBuildIdentity(root), isCommitted: false };
  const none = renderEmbeddedHelpers([]);
  const helpers = embeddedHelpersPaths.map((path) => ({
    path,
    text: readIfThere(join(root, path)) ?? none[path] ?? "",
    isCommitted: false,
  }));
  return [
    ...registries,
    identity,
    ...helpers,
    ...(await generateProtocolHeader(root)),
    ...(await generateCompiledSeccomp(root)),
    ...generateGitlabTemplate(root),
    ...(await generateReadme(root)),
  ];
}

/** Writes what differs; returns the paths written. */
export function writeGenerated(files: readonly GeneratedFile[], root: string = repositoryRoot): string[] {
  return files.filter(({ path, text }) => writeIfChanged(join(root, path), text)).map(({ path }) => path);
}

/** Committed files that are not as they would be generated. */
export function listStale(files: readonly GeneratedFile[], root: string = repositoryRoot): string[] {
  return files
    .filter(({ isCommitted, path, text }) => isCommitted && readIfThere(join(root, path)) !== text)
    .map(({ path }) => path);
}

// --- internal ---

/** The C side of the launch protocol, from the tables of the TypeScript side. */
async function generateProtocolHeader(root: string): Promise<GeneratedFile[]> {
  const source = join(root, "scripts/gen/protocol-header.ts");
  if (!existsSync(source)) return [];
  const module: { renderProtocolHeader(): string } = await import(source);
  return [{ path: "platform/linux/shared/protocol.gen.h", text: module.renderProtocolHeader(), isCommitted: true }];
}

interface CompiledSource {
  compileProfiles(): CompiledProfiles["profiles"];
  compileGuard(): CompiledProfiles["guard"];
}

/** The programs that the launcher loads, from the profiles. */
async function generateCompiledSeccomp(root: string): Promise<GeneratedFile[]> {
  const source = join(root, "src/launch/compile-profiles.ts");
  if (!existsSync(source)) return [];
  const module: CompiledSource = await import(source);
  const profiles = { profiles: module.compileProfiles(), guard: module.compileGuard() };
  return [{ path: compiledSeccompPath, text: renderCompiledSeccomp(profiles), isCommitted: false }];
}

function generateGitlabTemplate(root: string): GeneratedFile[] {
  const preflight = readIfThere(join(root, preflightPath));
  return preflight === undefined
    ? []
    : [{ path: gitlabTemplatePath, text: renderGitlabTemplate(preflight), isCommitted: true }];
}

/** The README's tables. The strategies are the files that are there: their registry may not be written yet. */
async function generateReadme(root: string): Promise<GeneratedFile[]> {
  const text = readIfThere(join(root, readmePath));
  if (text === undefined) return [];
  const load = <Module>(path: string): Promise<Module> => import(join(root, "src", path));
  const [{ guaranteePromises, isolationSet }, { descriptions }] = await Promise.all([
    load<{ guaranteePromises: ReadmeFacts["promises"]; isolationSet: ReadmeFacts["isolationSet"] }>(
      "model/guarantee.ts",
    ),
    load<{ descriptions: ReadmeFacts["commands"] }>("commands/descriptions.ts"),
  ]);
  const names = registryKinds
    .filter(({ folder }) => folder === "strategies")
    .flatMap((kind) => listPlugins(kind, root));
  const strategies = await Promise.all(
    names.map((name) => load<{ default: ReadmeFacts["strategies"][number] }>(`strategies/${name}.ts`)),
  );
  const hosts = Object.entries(readResults(root)).map(async ([name, result]) => ({
    ...(await loadHost(name, root)),
    result,
  }));
  const facts = {
    promises: guaranteePromises,
    isolationSet,
    commands: descriptions,
    strategies: strategies.map((module) => module.default),
    hosts: await Promise.all(hosts),
  };
  return [{ path: readmePath, text: renderReadme(text, facts), isCommitted: true }];
}

async function main(isCheck: boolean): Promise<void> {
  const files = await generate();
  if (!isCheck) {
    for (const path of writeGenerated(files)) console.log(`wrote ${path}`);
    return;
  }
  writeGenerated(files.filter(({ isCommitted }) => !isCommitted));
  const stale = listStale(files);
  for (const path of stale) console.error(`${path} is stale: run \`bun run gen\``);
  if (stale.length > 0) process.exitCode = 1;
}

if (import.meta.main) await main(process.argv.includes("--check"));

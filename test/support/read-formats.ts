/** Strict readers of what cupel writes for other programs: each takes what its real reader takes, and no more. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const root = join(import.meta.dir, "../..");
const junitSchema = join(root, "test/fixtures/schemas/jenkins-junit.xsd");
const sarifSchema = join(root, "node_modules/@microsoft/sarif-multitool-ts/assets/sarif-2.1.0.schema.json");

/** What is wrong with a document, by a JSON Schema; nothing where it is right. */
export function createValidator(schema: object): (document: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  return (document) =>
    validate(document) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** What is wrong with a SARIF log, by the schema of OASIS. */
export const sarifProblems = createValidator(JSON.parse(readFileSync(sarifSchema, "utf8")));

/** What is wrong with JUnit XML, by the schema that Jenkins uses. */
export function junitProblems(xml: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "cupel-test-"));
  try {
    writeFileSync(join(folder, "junit.xml"), xml);
    const words = ["xmllint", "--noout", "--nonet", "--schema", junitSchema, join(folder, "junit.xml")];
    const { exitCode, stderr } = Bun.spawnSync(words);
    return exitCode === 0 ? [] : stderr.toString().trim().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One workflow command, read as the runner does (actions/runner, ActionCommand). */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** Every line is a command. */
export function parseWorkflowCommands(text: string): WorkflowCommand[] {
  return linesOf(text).map((line) => {
    const [, name = "", words = "", message = ""] =
      /^::(\w+) ([^:]*)::(.*)$/u.exec(line) ?? fail(`no command: ${line}`);
    const properties = words.split(",").map((word): [string, string] => {
      const [key = "", value] = word.split("=");
      return [key, unescape(value ?? fail(`no property: ${word}`), true)];
    });
    return { name, properties: Object.fromEntries(properties), message: unescape(message, false) };
  });
}

function unescape(text: string, isProperty: boolean): string {
  const plain = text.replaceAll("%0D", "\r").replaceAll("%0A", "\n");
  return (isProperty ? plain.replaceAll("%3A", ":").replaceAll("%2C", ",") : plain).replaceAll("%25", "%");
}

/** One sample of the text exposition format. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const sampleLine = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (-?\d+(?:\.\d+)?)$/u;
const labelWord = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/uy;

/** Prometheus' text format 0.0.4: each family has HELP and TYPE in front of its samples, stands together, and repeats no sample. */
export function parseMetrics(text: string): Sample[] {
  const samples: Sample[] = [];
  const families: string[] = [];
  const seen = new Set<string>();
  for (const line of linesOf(text)) {
    const help = /^# HELP (\S+) (?:[^\\]|\\[\\n])+$/u.exec(line)?.[1];
    const type = /^# TYPE (\S+) (?:gauge|counter)$/u.exec(line)?.[1];
    if (help !== undefined) families.push(families.includes(help) ? fail(`twice: ${help}`) : help);
    if (type !== undefined && type !== families.at(-1)) fail(`TYPE without HELP: ${line}`);
    if (line.startsWith("#")) continue;
    const sample = parseSample(line);
    const key = JSON.stringify([sample.name, sample.labels]);
    if (sample.name !== families.at(-1) || seen.has(key)) fail(`out of its family, or twice: ${line}`);
    seen.add(key);
    samples.push(sample);
  }
  return samples;
}

function parseSample(line: string): Sample {
  const [, name = "", words = "", value = ""] = sampleLine.exec(line) ?? fail(`no sample: ${line}`);
  const labels: Record<string, string> = {};
  labelWord.lastIndex = 0;
  while (labelWord.lastIndex < words.length) {
    const [, label = "", text = ""] = labelWord.exec(words) ?? fail(`no labels: ${words}`);
    if (label in labels) fail(`label twice: ${label}`);
    labels[label] = text.replace(/\\(.)/gu, (_, character: string) => (character === "n" ? "\n" : character));
  }
  return { name, labels, value: Number(value) };
}

/** What is found in a feature file. */
interface FoundFeatures {
  readonly labels: Record<string, string>;
  readonly features: Record<string, string>;
}

/** What Node Feature Discovery makes of a file (source/local): labels, and features for rules, that have not expired. */
export function parseFeatureFile(text: string, now: Date): FoundFeatures {
  const found: FoundFeatures = { labels: {}, features: {} };
  let expiry = now;
  let isLabel = true;
  if (Buffer.byteLength(text) > 65_536) fail("more than Node Feature Discovery reads");
  for (const line of linesOf(text)) {
    if (line.startsWith("#")) {
      const { name, value } = parseDirective(line);
      if (name === "expiry-time") expiry = parseRfc3339(value);
      if (name === "no-label") isLabel = false;
      continue;
    }
    const [key = "", value = "true"] = line.split(/=(.*)/su);
    if (expiry >= now) found.features[checkedKey(key)] = checkedValue(value);
    if (expiry >= now && isLabel) found.labels[key] = value;
    // A directive other than the time holds for one feature.
    isLabel = true;
  }
  return found;
}

function parseDirective(line: string): { name: string; value: string } {
  const [, name = "", value = ""] = /^# \+([\w-]+)(?:=(.*))?$/u.exec(line) ?? [];
  const isKnown = ["expiry-time", "no-label", "no-feature"].includes(name);
  return isKnown || !line.startsWith("# +") ? { name, value } : fail(`no directive: ${line}`);
}

function parseRfc3339(text: string): Date {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u.test(text) ? new Date(text) : fail(`no time: ${text}`);
}

const labelName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/u;
const labelPrefix = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/u;

/** The key, if Kubernetes takes it. */
export function checkedKey(key: string): string {
  const [prefix = "", name = "", ...rest] = key.split("/");
  const isValid = prefix.length <= 253 && labelPrefix.test(prefix) && labelName.test(name) && rest.length === 0;
  return isValid ? key : fail(`no key of a label: ${key}`);
}

/** The value, if Kubernetes takes it. */
export function checkedValue(value: string): string {
  return value === "" || labelName.test(value) ? value : fail(`no value of a label: ${value}`);
}

/** Lines of a text that ends in a newline and has no other end of a line in it. */
export function linesOf(text: string): string[] {
  // oxlint-disable-next-line no-control-regex -- finding them is the purpose
  if (!text.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/u.test(text))
    fail(`not lines of text: ${JSON.stringify(text)}`);
  return text.slice(0, -1).split("\n");
}

function fail(message: string): never {
  throw new Error(message);
}

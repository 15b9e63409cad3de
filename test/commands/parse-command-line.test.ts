import { describe, expect, test } from "bun:test";
import { descriptions } from "../../src/commands/descriptions.ts";
import { runDescription } from "../../src/commands/descriptions-job.ts";
import { parseCommandLine } from "../../src/commands/parse-command-line.ts";
import { CupelError } from "../../src/model/error.ts";
import type { CommandDescription } from "../../src/report/command-description.ts";
import { splitCommand } from "../../src/verify/command-subject.ts";

const text = (placeholder: string) => ({ kind: "text", placeholder }) as const;
const choice = (choices: readonly string[], list = false) =>
  ({ kind: "choice", placeholder: "WHAT", choices, list }) as const;

const tool: CommandDescription = {
  name: "tool",
  summary: "",
  flags: [
    { name: "help", short: "h", description: "" },
    { name: "quiet", short: "q", description: "" },
    { name: "size", short: "s", description: "", value: text("SIZE") },
    { name: "path", description: "", value: { kind: "path", placeholder: "PATH" }, repeatable: true },
    { name: "colour", description: "", value: choice(["red", "green", "blue"]) },
    { name: "list", description: "", value: choice(["one", "two", "three"], true), repeatable: true },
  ],
  operands: [{ value: choice(["here", "there"]), description: "", required: true }],
};

const passing: CommandDescription = {
  ...tool,
  passesCommand: true,
  operands: [{ value: text("COMMAND…"), description: "", required: true, repeatable: true }],
};

function parse(command: CommandDescription, ...words: readonly string[]): unknown {
  try {
    const { flags, operands } = parseCommandLine(command, words);
    return { flags: Object.fromEntries(flags), operands: [...operands] };
  } catch (error) {
    if (error instanceof CupelError && error.code === "usage")
      return error.message.replace(/; see cupel tool --help$/, "");
    throw error;
  }
}

function parsed(flags: Record<string, string[]>, ...operands: readonly string[]): object {
  return { flags, operands };
}

describe("parseCommandLine", () => {
  test.each([
    [["here"], parsed({}, "here")],
    [["--quiet", "here"], parsed({ quiet: [""] }, "here")],
    [["here", "--quiet"], parsed({ quiet: [""] }, "here")],
    [["-q", "here"], parsed({ quiet: [""] }, "here")],
    [["-q", "-q", "here"], parsed({ quiet: ["", ""] }, "here")],
    [["--size", "5", "here"], parsed({ size: ["5"] }, "here")],
    [["--size=5", "here"], parsed({ size: ["5"] }, "here")],
    [["-s", "5", "here"], parsed({ size: ["5"] }, "here")],
    [["--size=", "here"], parsed({ size: [""] }, "here")],
    [["--size=a=b", "here"], parsed({ size: ["a=b"] }, "here")],
    [["--size", "-5", "here"], parsed({ size: ["-5"] }, "here")],
    [["--path", "a", "--path=b", "here"], parsed({ path: ["a", "b"] }, "here")],
    [["--colour", "green", "here"], parsed({ colour: ["green"] }, "here")],
    [["--list", "one,two", "--list=three", "here"], parsed({ list: ["one,two", "three"] }, "here")],
    [["--", "here"], parsed({}, "here")],
  ])("reads %p", (words, expected) => expect(parse(tool, ...words)).toEqual(expected));

  test.each([
    [["--quie", "here"], "cupel tool has no flag --quie, did you mean --quiet?"],
    [["--zzz", "here"], "cupel tool has no flag --zzz"],
    [["-x", "here"], "cupel tool has no flag -x"],
    [["-qh", "here"], "cupel tool has no flag -qh"],
    [["--Quiet", "here"], "cupel tool has no flag --Quiet, did you mean --quiet?"],
    [["--q", "here"], "cupel tool has no flag --q"],
    [["--quiet=yes", "here"], "--quiet takes no value"],
    [["--quiet=", "here"], "--quiet takes no value"],
    [["here", "--size"], "--size needs a value (SIZE)"],
    [["--size", "--", "here"], "--size needs a value (SIZE)"],
    [["--size=1", "--size=2", "here"], "--size is given twice; give it once"],
    [["--colour", "gren", "here"], '--colour does not take "gren", did you mean green?'],
    [["--colour", "violet", "here"], '--colour does not take "violet", choose red, green, blue'],
    [["--colour=", "here"], '--colour does not take "", choose red, green, blue'],
    [["--colour", "red,blue", "here"], '--colour does not take "red,blue", choose red, green, blue'],
    [["--list", "one,twoo", "here"], '--list does not take "twoo", did you mean two?'],
    [["--list", "one,", "here"], '--list does not take "", choose one, two, three'],
    [[], "cupel tool needs WHAT"],
    [["here", "there"], 'cupel tool does not take "there"'],
    [["hee"], 'cupel tool does not take "hee", did you mean here?'],
    [["-"], 'cupel tool does not take "-", choose here, there'],
  ])("refuses %p", (words, problem) => expect(parse(tool, ...words)).toBe(problem));

  test("says where to read more", () =>
    expect(() => parseCommandLine(tool, ["--zzz"])).toThrow("cupel tool has no flag --zzz; see cupel tool --help"));

  test("names no more than eight choices", () => {
    const many: CommandDescription = {
      ...tool,
      operands: [
        { value: choice("abcdefghij".split("").map((one) => one.repeat(9))), description: "", required: true },
      ],
    };
    const problem = parse(many, "zz") as string;
    expect(problem.split(", ")).toHaveLength(10);
    expect(problem).toEndWith(", hhhhhhhhh, …");
  });

  test("asks for no operand where help is asked for", () => expect(parse(tool, "-h")).toEqual(parsed({ help: [""] })));
});

describe("parseCommandLine, where a command of the user's is passed on,", () => {
  test.each([
    [["--", "ls", "-l"], parsed({}, "ls", "-l")],
    [["ls", "-l"], parsed({}, "ls", "-l")],
    [["-q", "ls", "--quiet", "--", "x"], parsed({ quiet: [""] }, "ls", "--quiet", "--", "x")],
    [["-q", "--", "--size", "5"], parsed({ quiet: [""] }, "--size", "5")],
    [["--size", "5", "ls"], parsed({ size: ["5"] }, "ls")],
    [["--", ""], parsed({}, "")],
    [["-"], parsed({}, "-")],
    [["--", "--", "a"], parsed({}, "--", "a")],
  ])("leaves it alone: %p", (words, expected) => expect(parse(passing, ...words)).toEqual(expected));

  test("asks for one", () => {
    expect(parse(passing)).toBe("cupel tool needs COMMAND…");
    expect(parse(passing, "-q", "--")).toBe("cupel tool needs COMMAND…");
  });
});

const holding: CommandDescription = {
  ...passing,
  operands: [{ value: text("COMMAND…"), description: "", required: false, repeatable: true }],
  fileOperand: { flag: "job", endings: [".yaml", ".json"] },
  flags: [...tool.flags, { name: "job", description: "", value: { kind: "path", placeholder: "FILE" } }],
};

describe("a file that holds the command", () => {
  test.each([
    [["a.yaml"], parsed({ job: ["a.yaml"] })],
    [["-q", "dir/a.json", "--size", "5"], parsed({ quiet: [""], job: ["dir/a.json"], size: ["5"] })],
    [["--job", "a", "-q"], parsed({ job: ["a"], quiet: [""] })],
    [["a.yaml", "--", "b.yaml", "-q"], parsed({ job: ["a.yaml"] }, "b.yaml", "-q")],
    [["--", "a.yaml"], parsed({}, "a.yaml")],
    [["ls", "a.yaml"], parsed({}, "ls", "a.yaml")],
    [["a.yaml.sh"], parsed({}, "a.yaml.sh")],
  ])("is one in front of --: %p", (words, expected) => expect(parse(holding, ...words)).toEqual(expected));

  test.each([
    [["a.yaml", "b.yaml"], "--job is given twice; give it once"],
    [["--job", "a.yaml", "b.yaml"], "--job is given twice; give it once"],
    [
      ["a.yaml", "ls"],
      'cupel tool takes its job from a.yaml; write a command that replaces its own behind --, not "ls"',
    ],
  ])("is one, and no command follows without --: %p", (words, message) =>
    expect(parse(holding, ...words)).toBe(message),
  );
});

describe("descriptions", () => {
  const all = descriptions.flatMap((command) => command.flags.map((flag) => ({ command: command.name, ...flag })));

  test("name each command and each of its flags once, in kebab-case", () => {
    const commands = descriptions.map(({ name }) => name);
    expect(new Set(commands).size).toBe(commands.length);
    const names = all.map(({ command, name }) => `${command} --${name}`);
    expect(new Set(names).size).toBe(names.length);
    expect(all.filter(({ name }) => !/^[a-z]+(-[a-z]+)*$/.test(name))).toEqual([]);
  });

  test("have help everywhere, and a sentence for everything", () => {
    expect(
      descriptions.filter(({ flags }) => !flags.some(({ name, short }) => name === "help" && short === "h")),
    ).toEqual([]);
    expect(all.filter(({ description }) => description.length < 5)).toEqual([]);
  });

  test("are those that examples and the job's flags are read by", () => {
    // What stands in for another program leaves its words to that.
    for (const { examples = [], name } of descriptions.filter(({ isFront }) => isFront !== true)) {
      for (const example of examples.filter((one) => one.startsWith(`cupel ${name} `))) {
        const words = splitCommand(example).slice(2);
        const description = descriptions.find((one) => one.name === name) ?? runDescription;
        expect(() => parseCommandLine(description, words)).not.toThrow();
      }
    }
  });
});

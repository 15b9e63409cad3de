import { describe, expect, test } from "bun:test";
import { detectTerminalStyle } from "../../src/report/terminal-style.ts";
import { plainStyle } from "./printed-lines.ts";

type Environment = Readonly<Record<string, string | undefined>>;

function detect(environment: Environment, isTerminal = true, columns?: number) {
  return detectTerminalStyle({ environment, isTerminal, columns });
}

describe("detectTerminalStyle", () => {
  test("takes a pipe without a locale for what is plain", () => {
    expect(detect({}, false)).toEqual(plainStyle);
  });

  test.each<[string, Environment, boolean, boolean]>([
    ["on a terminal", {}, true, true],
    ["in a pipe", {}, false, false],
    ["on a dumb terminal", { TERM: "dumb" }, true, false],
    ["with NO_COLOR", { NO_COLOR: "0" }, true, false],
    ["with an empty NO_COLOR", { NO_COLOR: "" }, true, true],
    ["with FORCE_COLOR in a pipe", { FORCE_COLOR: "1" }, false, true],
    ["with FORCE_COLOR on a dumb terminal", { FORCE_COLOR: "3", TERM: "dumb" }, true, true],
    ["with FORCE_COLOR=0", { FORCE_COLOR: "0" }, true, false],
    ["with FORCE_COLOR=false", { FORCE_COLOR: "false" }, true, false],
    ["with an empty FORCE_COLOR", { FORCE_COLOR: "" }, false, false],
    ["with both", { NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  ])("decides on colour %s", (_, environment, isTerminal, color) => {
    expect(detect(environment, isTerminal).color).toBe(color);
  });

  test.each<[string, Environment, boolean]>([
    ["nothing set", {}, false],
    ["LANG=C", { LANG: "C" }, false],
    ["LANG=en_GB.UTF-8", { LANG: "en_GB.UTF-8" }, true],
    ["LANG=C.utf8", { LANG: "C.utf8" }, true],
    ["LC_CTYPE over LANG", { LC_CTYPE: "POSIX", LANG: "C.UTF-8" }, false],
    ["LC_ALL over LC_CTYPE", { LC_ALL: "C.UTF-8", LC_CTYPE: "C" }, true],
    ["LC_ALL=C over everything", { LC_ALL: "C", LC_CTYPE: "C.UTF-8", LANG: "C.UTF-8" }, false],
    ["an empty LC_ALL", { LC_ALL: "", LANG: "C.UTF-8" }, true],
  ])("decides on letters with %s", (_, environment, unicode) => {
    expect(detect(environment).unicode).toBe(unicode);
  });

  test.each<[string, number | undefined, string | undefined, number]>([
    ["what the terminal says", 132, "60", 132],
    ["COLUMNS in a pipe", undefined, "60", 60],
    ["80 where nothing is known", undefined, undefined, 80],
    ["80 for a COLUMNS that is no number", undefined, "wide", 80],
    ["COLUMNS for a terminal of no width", 0, "60", 60],
    ["80 for a terminal of no width", 0, undefined, 80],
    ["20 at least", 12, undefined, 20],
  ])("takes for the width %s", (_, columns, variable, width) => {
    expect(detect({ COLUMNS: variable }, true, columns).columns).toBe(width);
  });
});

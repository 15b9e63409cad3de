import { describe, expect, test } from "bun:test";
import { findAncestors, findDescendants, listProcesses, parseParent, parsePss, readPss } from "./processes.ts";

const process1 = { pid: 1, parent: 0, words: ["init"] };
const shim = { pid: 10, parent: 1, words: ["shim"] };
const first = { pid: 11, parent: 10, words: ["first"] };
const job = { pid: 12, parent: 11, words: ["job"] };
const stranger = { pid: 20, parent: 1, words: ["stranger"] };
const all = [process1, shim, first, job, stranger];

describe("parseParent", () => {
  test("is not fooled by a name", () => expect(parseParent("7 (a) S 99 (b) R 42 7 7 0")).toBe(42));
});

describe("parsePss", () => {
  test("takes the line itself, not its parts", () =>
    expect(parsePss("55-7f [rollup]\nRss:  900 kB\nPss:  123 kB\nPss_Dirty:  7 kB\n")).toBe(123));
  test("has nothing without it", () => expect(parsePss("")).toBeUndefined());
});

describe("findDescendants", () => {
  test("is the tree", () => expect(findDescendants(all, 10)).toEqual([shim, first, job]));
});

describe("findAncestors", () => {
  test("stops below the first process", () => expect(findAncestors(all, 12, new Set())).toEqual([first, shim]));
  test("stops where it is told", () => expect(findAncestors(all, 12, new Set([10]))).toEqual([first]));
});

test("this process is listed, and weighs something", () => {
  const own = listProcesses().find(({ pid }) => pid === process.pid);
  expect(own).toEqual({ pid: process.pid, parent: process.ppid, words: expect.arrayContaining([process.argv0]) });
  expect(readPss(process.pid)).toBeGreaterThan(1000);
});

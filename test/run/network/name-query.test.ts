import { describe, expect, test } from "bun:test";
import { parseNameQuery, renderNameAnswer } from "../../../src/run/network/name-query.ts";
import { nameQuery } from "../../support/name-query.ts";

const plain = nameQuery("a.test");
const question = plain.subarray(12);

/** The message with bytes of its own from `at` on. */
function changed(at: number, ...bytes: number[]): Buffer {
  const message = Buffer.from(plain);
  Buffer.from(bytes).copy(message, at);
  return message;
}

describe("a query", () => {
  const query = { id: 0x1234, name: "a.test", wants: "ipv4", isRecursive: true, question: Uint8Array.from(question) };

  test.each([
    ["for an IPv4 address", plain, {}],
    ["for an IPv6 address", nameQuery("a.test", 28), { wants: "ipv6" }],
    ["for something else", nameQuery("a.test", 15), { wants: "other" }],
    ["of another class", changed(plain.length - 1, 3), { wants: "other" }],
    ["in capitals", nameQuery("A.TEST"), { name: "a.test" }],
    ["for no name of a host", nameQuery("_srv.a.test"), { name: undefined }],
    ["for what is an address", nameQuery("127.0.0.1"), { name: undefined }],
    ["for the root", nameQuery(""), { name: undefined }],
    ["that wants no recursion", changed(2, 0), { isRecursive: false }],
    ["with more behind it, which nothing is asked by", Buffer.concat([changed(11, 1), Buffer.alloc(11)]), {}],
  ])("%s", (_, message, own) => {
    const read = parseNameQuery(message);
    const asked = read === undefined ? undefined : { ...query, question: read.question, ...own };
    expect(read).toEqual(asked as typeof read);
    expect(read?.question).toEqual(Uint8Array.from(message.subarray(12, 12 + (read?.question.length ?? 0))));
  });

  test("of a label with a dot in it is for another name than it seems", () => {
    const message = Buffer.concat([plain.subarray(0, 12), Buffer.from("\x06a.test\0\0\x01\0\x01", "latin1")]);
    expect(parseNameQuery(message)?.name).toBeUndefined();
  });

  test.each([
    ["an answer", changed(2, 0x81)],
    ["another operation", changed(2, 0x29)],
    ["one that is cut off", changed(2, 0x03)],
    ["two questions", changed(5, 2)],
    ["no question", changed(5, 0)],
    ["an answer in it", changed(7, 1)],
    ["a name that points elsewhere", changed(12, 0xc0, 12)],
    ["a longer name than there are", nameQuery(Array.from({ length: 5 }, () => "a".repeat(60)).join("."))],
    ["half a header", plain.subarray(0, 11)],
    ["half a question", plain.subarray(0, plain.length - 1)],
    ["nothing", Buffer.alloc(0)],
  ])("is not %s", (_, message) => expect(parseNameQuery(message)).toBeUndefined());
});

describe("an answer", () => {
  const query = parseNameQuery(plain);
  const render = (...[answer]: [Parameters<typeof renderNameAnswer>[1]]): string =>
    query === undefined ? "" : Buffer.from(renderNameAnswer(query, answer)).toString("hex");
  const whole = (code: string, answers: number, record = ""): string => {
    const body = `1234818${code}0001000${answers}00000000${question.toString("hex")}${record}`;
    return (body.length / 2).toString(16).padStart(4, "0") + body;
  };

  test.each([
    [{ kind: "found", address: { version: 4, bytes: [198, 18, 0, 1] } }, "0", 1, "c00c000100010000003c0004c6120001"],
    [{ kind: "found" }, "0", 0, ""],
    [{ kind: "no-such-name" }, "3", 0, ""],
    [{ kind: "refused" }, "5", 0, ""],
  ] as const)("%j", (answer, code, answers, record) => expect(render(answer)).toBe(whole(code, answers, record)));
});

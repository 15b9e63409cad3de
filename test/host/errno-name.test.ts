import { describe, expect, test } from "bun:test";
import { constants } from "node:os";
import { errnoName } from "../../src/host/errno-name.ts";

describe("errnoName", () => {
  test("agrees with this machine's names, wherever it has one", () => {
    // Two names for one number: asm-generic/errno.h has EWOULDBLOCK as EAGAIN and ENOTSUP as EOPNOTSUPP.
    const machine = Object.entries(constants.errno).filter(([name]) => !["EWOULDBLOCK", "ENOTSUP"].includes(name));
    const wrong = machine.filter(([name, number]) => ![name, `errno ${number}`].includes(errnoName(number)));
    expect(wrong).toEqual([]);
  });

  test.each([
    [0, "ok"],
    [1, "EPERM"],
    [13, "EACCES"],
    [28, "ENOSPC"],
    [30, "EROFS"],
    [38, "ENOSYS"],
    [95, "EOPNOTSUPP"],
    [116, "ESTALE"],
  ])("%d is %s", (number, name) => expect(errnoName(number)).toBe(name));

  test("leaves a number without a name a number", () => expect(errnoName(4095)).toBe("errno 4095"));
});

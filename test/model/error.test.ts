import { describe, expect, test } from "bun:test";
import { CupelError } from "../../src/model/error.ts";

describe("CupelError", () => {
  test("carries code, message, hint and cause", () => {
    const cause = new Error("EROFS");
    const error = new CupelError("set-up", "It cannot be made.", { cause, hint: "Make it yourself." });
    expect({
      name: error.name,
      code: error.code,
      message: error.message,
      hint: error.hint,
      cause: error.cause,
    }).toEqual({
      name: "CupelError",
      code: "set-up",
      message: "It cannot be made.",
      hint: "Make it yourself.",
      cause,
    });
    expect(error).toBeInstanceOf(Error);
  });

  test("has no cause of its own where none is given", () => {
    const error = new CupelError("usage", "No.");
    expect(Object.hasOwn(error, "cause")).toBeFalse();
    expect(error.hint).toBeUndefined();
  });
});

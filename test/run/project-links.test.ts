import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { CupelError } from "../../src/model/error.ts";
import { refuseProjectLinks } from "../../src/run/project-links.ts";
import type { Statement } from "../../src/run/statements.ts";
import { makeTempDir, type TempDir } from "../support/temp-dir.ts";

/** A repository with a file of its own in sub, a link to a place outside in each, and a link to the repository. */
function makeRepository(): TempDir {
  const place = makeTempDir();
  place.folder("repository/.git");
  place.folder("repository/sub/data");
  place.folder("outside");
  symlinkSync(place.at("outside"), place.at("repository/link"));
  symlinkSync("../..", place.at("repository/sub/up"));
  symlinkSync(place.at("repository"), place.at("other-name"));
  symlinkSync(place.at("outside"), place.at("outside-link"));
  return place;
}

/** What is said of a path granted by the file in `directory`. */
function said(place: TempDir, directory: string, path: string, key: Statement["key"] = "read"): string {
  const word = path.startsWith("/") ? path : `${place.at(directory)}/${path}`;
  const statement: Statement = { key, word, from: "project", field: "filesystem.read.allow", place: "F:1:1" };
  try {
    refuseProjectLinks([statement], place.at(directory));
  } catch (error) {
    if (error instanceof CupelError) return error.message.replaceAll(place.path, "DIR");
    throw error;
  }
  return "nothing";
}

describe("refuseProjectLinks", () => {
  test.each(["data", "./data", "data/", "..", "../../outside", "../../outside-link", "/usr", "nowhere"])(
    "takes %s",
    (path) => {
      using place = makeRepository();
      expect(said(place, "repository/sub", path)).toBe("nothing");
      expect(said(place, "other-name/sub", path)).toBe("nothing");
    },
  );

  test.each(["up", "up/outside", "../link", "../link/../outside"])("refuses %s", (path) => {
    using place = makeRepository();
    for (const directory of ["repository/sub", "other-name/sub"])
      expect(said(place, directory, path)).toStartWith(
        `F:1:1: filesystem.read.allow DIR/${directory}/${path} leads through a link in the project to DIR`,
      );
  });

  test("refuses a path from elsewhere that leads into the project and through a link there", () => {
    using place = makeRepository();
    expect(said(place, "repository/sub", place.at("other-name/sub"))).toBe("nothing");
    expect(said(place, "repository/sub", place.at("other-name/link"))).toContain("leads through a link in the project");
  });

  test("looks at paths alone", () => {
    using place = makeRepository();
    expect(said(place, "repository/sub", "../link", "environment")).toBe("nothing");
  });
});

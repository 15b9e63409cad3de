import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { listHomes, parseHomes } from "../../src/run/home-directories.ts";
import { createFixtureHost } from "../support/fixture-host.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const passwd = "root:x:0:0:root:/root:/bin/sh\nbin:x:2:2:bin:/:/sbin/nologin\nada:x:1000:1000:Ada:/home/ada:/bin/sh\n";

describe("parseHomes", () => {
  test("gives every home but the root directory", () => expect(parseHomes(passwd)).toEqual(["/root", "/home/ada"]));

  test.each([
    ["an empty file", ""],
    ["a line cut short", "ada:x:1000:1000:Ada"],
    ["a home that is relative", "ada:x:1000:1000:Ada:home:/bin/sh\n"],
    ["a home that is empty", "ada:x:1000:1000:Ada::/bin/sh\n"],
  ])("gives none for %s", (_, text) => expect(parseHomes(text)).toEqual([]));
});

describe("listHomes", () => {
  test("knows the accounts' homes where HOME says nothing", () => {
    expect(listHomes(createFixtureHost({ files: { "/etc/passwd": passwd } }))).toEqual(["/root", "/home/ada"]);
    const relative = createFixtureHost({ files: { "/etc/passwd": passwd }, environment: { HOME: "somewhere" } });
    expect(listHomes(relative)).toEqual(["/root", "/home/ada"]);
  });

  test("knows HOME where there are no accounts, by both of its names", () => {
    using directory = makeTempDir();
    const home = directory.folder("home");
    symlinkSync(home, directory.at("link"));
    expect(listHomes(createFixtureHost({ environment: { HOME: directory.at("link") } }))).toEqual([
      directory.at("link"),
      home,
    ]);
    expect(listHomes(createFixtureHost({ environment: { HOME: "/no/such" } }))).toEqual(["/no/such", "/no/such"]);
  });
});

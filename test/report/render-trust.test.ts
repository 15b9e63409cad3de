import { describe, expect, test } from "bun:test";
import { renderTrusted, renderWishes, type WishesView } from "../../src/report/render-trust.ts";
import { expectTidy, plainStyle, styles } from "./printed-lines.ts";

const view: WishesView = {
  path: "/p/cupel.yaml",
  wishes: [
    { field: "network.mode", word: "host", place: "/p/cupel.yaml:1:17" },
    { field: "filesystem.tools", word: "", place: "/p/cupel.yaml:2:20" },
  ],
  isTrusted: false,
};

describe("renderWishes", () => {
  test("shows what is asked for, where, and whether it counts", () => {
    expect(renderWishes(view, plainStyle)).toBe(`/p/cupel.yaml asks for more than the rest gives:
    network.mode host: from /p/cupel.yaml:1:17
    filesystem.tools: from /p/cupel.yaml:2:20
It is not trusted, so that does not count.
`);
    expect(renderWishes({ ...view, isTrusted: true }, plainStyle)).toEndWith(
      "It is trusted, until the file changes.\n",
    );
    const nothing = "/p/cupel.yaml asks for nothing that needs trust.\n";
    expect(renderWishes({ ...view, wishes: [] }, plainStyle)).toBe(nothing);
    expect(renderWishes({ ...view, wishes: [], isTrusted: true }, plainStyle)).toBe(
      `${nothing}It is trusted, until the file changes.\n`,
    );
  });

  test.each(styles)("is tidy at $columns columns, colour $color, Unicode $unicode", (style) =>
    expectTidy(renderWishes(view, style), style, []),
  );
});

describe("renderTrusted", () => {
  test("lists what is trusted, and what became of it", () => {
    expect(renderTrusted([], plainStyle)).toBe("No project is trusted.\n");
    const sha256 = "0".repeat(12);
    const files = (["trusted", "changed", "gone"] as const).map((state) => ({ path: `/${state}`, sha256, state }));
    expect(renderTrusted(files, plainStyle)).toBe(`[+] /trusted
    SHA-256: 000000000000
[!] /changed: changed since, so not trusted as it is now
    SHA-256: 000000000000
[!] /gone: cannot be read any more
    SHA-256: 000000000000
`);
  });
});

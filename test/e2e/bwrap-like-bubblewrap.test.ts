/** `cupel bwrap` and Debian's bubblewrap, asked the same: they print the same, and end the same. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { bubblewrapCases, bwrapOptions } from "../support/bubblewrap-cases.ts";
import { askBubblewrap, installFront, installSanitizedFront } from "../support/bubblewrap-front.ts";
import { needsPrograms } from "../support/must-work.ts";
import { callers, ordinaryCaller } from "../support/tester.ts";

const front = installFront();
const sanitized = await installSanitizedFront();
const needsBubblewrap = needsPrograms("bwrap");

/** Words of a command line that make little sense together. */
const word = fc.constantFrom(
  ...bwrapOptions,
  ..."/ /usr /tmp/x /proc a 0 1 7 9 99999999999 0755 1048576 -- -".split(" "),
  "",
);

test("with sanitizers, no command line makes it do what C does not define", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 12 }), async (words) => {
      const quoted = words.map((one) => `'${one}'`).join(" ");
      // Output goes to a pipe's end that nobody can read: what is told to read its data from there would wait for ever.
      const script = `set -o pipefail; $BWRAP ${quoted} true 9</etc/hostname | cat`;
      const { code, stderr } = await askBubblewrap(ordinaryCaller, sanitized, script);
      expect(code).toBeLessThan(124);
      expect(stderr).not.toMatch(/Sanitizer|runtime error/);
    }),
    { numRuns: 150 },
  );
});

describe("built with sanitizers", () => {
  describe.each(Object.entries(bubblewrapCases))("%s", (_, scripts) => {
    test.each(scripts.map((script) => [script]))("%s", async (script) => {
      const [asked, expected] = await Promise.all([
        askBubblewrap(ordinaryCaller, sanitized, script),
        askBubblewrap(ordinaryCaller, front.path, script),
      ]);
      expect(asked).toEqual(expected);
    });
  });
});

describe.each(callers)("called by $name", (caller) => {
  describe.each(Object.entries(bubblewrapCases))("%s", (_, scripts) => {
    for (const script of scripts)
      needsBubblewrap(script, async () => {
        const [asked, expected] = await Promise.all([
          askBubblewrap(caller, front.path, script),
          askBubblewrap(caller, "/usr/bin/bwrap", script),
        ]);
        expect(asked).toEqual(expected);
      });
  });
});

/** A caller who lets nobody else see its files: what is made for the job is the job's all the same. */
import { describe, expect, test } from "bun:test";
import { installCupel } from "../support/run-cli.ts";
import { either } from "../support/sandbox-on-trial.ts";
import { callers, type Caller } from "../support/tester.ts";

const cupel = installCupel();

/** The caller behind a shell that sets a umask. */
function withUmask(caller: Caller, umask: string): Caller {
  return { ...caller, prefix: [...caller.prefix, "sh", "-c", `umask ${umask}; exec "$0" "$@"`] };
}

describe.each(callers)("called by $name", (caller) => {
  test.each(["077", "0777", "0"])("under umask %s the job finds its way, with a umask of its own", async (umask) => {
    // Not by stat(1), which some kernels of gVisor's have no answer for.
    const inRoot = "umask; head -n 1 /etc/passwd; find / /etc /home/job /etc/hosts -maxdepth 0 -printf '%m %p\\n'";
    const confined = 'umask; stat -c %a "$HOME" "$TMPDIR"; mkdir "$HOME/made"; stat -c %a "$HOME/made"';
    const words = ["run", "--", "sh", "-c", either(inRoot, confined)];
    const { code, stdout, stderr } = await cupel.run(withUmask(caller, umask), words);
    expect({ code, stderr, lines: stdout.split("\n") }).toEqual({
      code: 0,
      stderr: "",
      lines: [
        "0022",
        ...either(
          ["root:x:0:0:root:/:/usr/sbin/nologin", "755 /", "755 /etc", "700 /home/job", "444 /etc/hosts"],
          ["700", "700", "755"],
        ),
        "",
      ],
    });
  });
});

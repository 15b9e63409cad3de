/**
 * Preloaded, makes the runtime look like that of another platform: `$CUPEL_TEST_PLATFORM` as process.platform, no user
 * ids on Windows, and no native helpers, as in a release for it.
 */
const platform = process.env["CUPEL_TEST_PLATFORM"];
Object.defineProperty(process, "platform", { value: platform });
if (platform === "win32") {
  for (const name of ["getuid", "geteuid", "getgid", "getegid", "getgroups"]) Reflect.deleteProperty(process, name);
}
Bun.plugin({
  name: "no helpers",
  setup: (bundler) => {
    bundler.onLoad({ filter: /helpers\.gen\.ts$/ }, () => ({ contents: "export const helpers = {};", loader: "ts" }));
  },
});

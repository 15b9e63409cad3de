import { expect, test } from "bun:test";
import { podmanContents } from "../../src/launch/podman-contents.ts";

test("podmanContents has Podman keep everything in its place, whatever that is called", () => {
  const root = { entries: [], mounts: [], masks: [], files: ["a", "b"], sharedMemoryBytes: 0 };
  expect(podmanContents('/a "b"', root)).toEqual({
    directories: ["root", "home", "hooks", "net", "run", "runtime", "store", "tmp", "files"],
    files: {
      "containers.conf":
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "none"\nhooks_dir = ["/a \\"b\\"/hooks"]\nlock_type = "file"\ntmp_dir = "/a \\"b\\"/tmp"\n[network]\nnetwork_config_dir = "/a \\"b\\"/net"\n',
      "mounts.conf": "",
      "storage.conf":
        '[storage]\ndriver = "vfs"\ngraphroot = "/a \\"b\\"/store"\nrunroot = "/a \\"b\\"/run"\nrootless_storage_path = "/a \\"b\\"/store"\n',
      "files/0": "a",
      "files/1": "b",
    },
    root: [],
  });
});

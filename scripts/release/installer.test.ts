import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../source/repository.ts";
import { renderInstaller } from "./installer.ts";

const template = readFileSync(join(repositoryRoot, "scripts/install.sh"), "utf8");
const facts = {
  version: "1.2.3",
  address: "https://releases.example/cupel",
  publicKey: "MCowBQYDK2VwAyEA+/==",
  sshKey: "ssh-ed25519 AAAA+/==",
};

test("renderInstaller fills in four settings and changes nothing else", () => {
  const [before, after] = [template, renderInstaller(template, facts)].map((text) => text.split("\n"));
  const changed = after?.filter((line, index) => line !== before?.[index]);
  expect(changed).toEqual([
    "own_version='1.2.3'",
    "default_address='https://releases.example/cupel'",
    "public_key='MCowBQYDK2VwAyEA+/=='",
    "ssh_key='ssh-ed25519 AAAA+/=='",
  ]);
  expect(after).toHaveLength(before?.length ?? 0);
});

test("renderInstaller lets nothing out of the quotes", () => {
  for (const address of ["https://a'; rm -rf /; '", "https://a\nb", "https://$(id)"]) {
    expect(() => renderInstaller(template, { ...facts, address })).toThrow("default_address cannot be");
  }
});

test("renderInstaller fails on a script without the settings", () => {
  expect(() => renderInstaller("#!/bin/sh\n", facts)).toThrow("does not set own_version");
});

/** scripts/install.sh as it is published: with the version, the address and the key of one release filled in. */

/** What is filled in. */
export interface InstallerFacts {
  readonly version: string;
  /** Address that `latest/download/FILE` and `download/vVERSION/FILE` lie below; empty where none is known. */
  readonly address: string;
  /** As scripts/release/signing.ts encodes them; empty for a release without a key. */
  readonly publicKey: string;
  readonly sshKey: string;
}

/** Fills the four empty settings in. @throws where the script has no such setting, or a value could not stand in quotes. */
export function renderInstaller(template: string, facts: InstallerFacts): string {
  const settings: Readonly<Record<string, string>> = {
    own_version: facts.version,
    default_address: facts.address,
    public_key: facts.publicKey,
    ssh_key: facts.sshKey,
  };
  return Object.entries(settings).reduce((text, [name, value]) => {
    const empty = `\n${name}=''\n`;
    if (!text.includes(empty)) throw new Error(`scripts/install.sh does not set ${name} to nothing`);
    if (!/^[\w@%+=:,./ -]*$/.test(value)) throw new Error(`${name} cannot be ${JSON.stringify(value)}`);
    return text.replace(empty, () => `\n${name}='${value}'\n`);
  }, template);
}

/** What gives away a secret by its looks alone: tokens, addresses, identifiers. */
import { isIP } from "node:net";
import type { MarkSecret, TextPart } from "./redact-path.ts";

/** What stands instead of a match; nothing where it may stay. */
export type Replace = (match: RegExpExecArray) => readonly TextPart[] | undefined;

/** One kind of secret. */
export interface Rule {
  readonly pattern: RegExp;
  readonly replace: Replace;
}

/** Errno names and words for nothing are answers, not secrets. */
const harmlessAnswer = /^(?:E[A-Z0-9]{2,14}|none|not|no|absent|unknown)[.,;]?$/u;

/** Tokens, and what is called a secret. */
export function secretRules(mark: MarkSecret): Rule[] {
  const whole: Replace = ([secret]) => [{ text: mark("secret", secret), isMark: true }];
  return [
    { pattern: /(?<=\b(?:Bearer|Basic)\s+)[\w.~+/=-]+/gu, replace: whole },
    // Prefixes that GitHub, GitLab, Slack, AWS, npm and the makers of language models give their tokens; JSON web tokens.
    {
      pattern:
        /\b(?:gh[pousr]_|github_pat_|glpat-|xox[a-z]-|AKIA|ASIA|npm_|sk-|pypi-|dop_v1_|hf_)[\w-]{12,}|\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/gu,
      replace: whole,
    },
    {
      pattern:
        /(?<=(?:token|passw(?:or)?d|passphrase|secret|api[_-]?key|credentials?|serial(?:[_ -]?number)?|asset[_ -]?tag)["']?\s*[:=]\s*["']?)[^\s"']+/giu,
      replace: (match) => (harmlessAnswer.test(match[0]) ? undefined : whole(match)),
    },
  ];
}

/** Addresses of machines and people. */
export function addressRules(mark: MarkSecret): Rule[] {
  const address: Replace = ([found]) => {
    const whole = isIP(found.replace(/%.*$/u, "")) === 0 ? found.replace(/:$/u, "") : found;
    const bare = whole.replace(/%.*$/u, "");
    if (isIP(bare) === 0 || isOfNobody(bare)) return undefined;
    return [{ text: mark("address", whole.toLowerCase()), isMark: true }, { text: found.slice(whole.length) }];
  };
  return [
    // User and password, host, port, path.
    {
      pattern: /(?<=\b[a-z][a-z0-9+.-]*:\/\/)(?:([^\s/@]+)@)?([^\s/:@]+)(:\d+)?(\/[^\s'"`,;()<>]+)?/giu,
      replace: ([, account, host = "", port = "", path]) => [
        ...(account === undefined ? [] : [{ text: `${mark("secret", account)}@`, isMark: true }]),
        { text: `${mark("host", host)}${port}`, isMark: true },
        ...(path === undefined ? [] : [{ text: `/${mark("path", path.slice(1))}`, isMark: true }]),
      ],
    },
    {
      pattern: /[\w.%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/gu,
      replace: ([found]) => (unitName.test(found) ? undefined : [{ text: mark("email", found), isMark: true }]),
    },
    {
      pattern:
        /(?<![0-9A-Fa-f]|[0-9A-Fa-f][:-])(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}(?![0-9A-Fa-f]|[:-][0-9A-Fa-f])/gu,
      replace: ([found]) => [{ text: mark("mac", found.toLowerCase()), isMark: true }],
    },
    { pattern: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)/gu, replace: address },
    {
      pattern:
        /(?:(?<![\w:.])|(?<=[G-Zg-z_]:))[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:(?:\d{1,3}\.){3}\d{1,3})?(?:%\w+)?(?!\w)/gu,
      replace: address,
    },
  ];
}

/** Loopback, unspecified and mask addresses are every machine's. */
function isOfNobody(address: string): boolean {
  return /^(?:127\.|0\.0\.0\.0$|255\.)/u.test(address) || /^[0:]*:[0:]*1?$/u.test(address);
}

const unitPattern = /(?<![\w.@\\-])[\w.@\\-]+\.(?:service|scope|slice|timer|socket)(?![\w.-]*\w)/gu;

const unitName = /\.(?:service|scope|slice|timer|socket)$/u;

/** Units that every system has. */
const commonUnit =
  /^(?:-\.slice|(?:user|system|machine|app|session|background|init|kubepods)\.(?:slice|scope)|user-\d+\.slice|user@\d+\.service|session-\w+\.scope|(?:docker|containerd|podman|crio|dbus|systemd-[a-z]+)\.(?:service|socket)|cupel[\w.-]*\.\w+|\*\.scope)$/u;

/** Units, containers and other identifiers, but for those that are to be kept. */
export function idRules(kept: readonly string[], mark: MarkSecret): Rule[] {
  const id: Replace = ([found]) =>
    kept.includes(found) ? undefined : [{ text: mark("id", found.toLowerCase()), isMark: true }];
  return [
    // Which engine made a container stays to be seen.
    { pattern: /(?<=(?:docker|libpod|crio|cri-containerd)-)[0-9a-f]{12,}/gu, replace: id },
    {
      pattern: unitPattern,
      replace: ([found]) => (commonUnit.test(found) ? undefined : [{ text: mark("unit", found), isMark: true }]),
    },
    { pattern: /(?<![0-9A-Za-z])[0-9a-f]{8}[-_](?:[0-9a-f]{4}[-_]){3}[0-9a-f]{12}(?![0-9A-Za-z])/giu, replace: id },
    // Identifiers of containers, machines and volumes. Masks of capabilities begin with zeros.
    {
      pattern: /(?<![0-9A-Za-z])(?!0000)(?=[0-9]*[a-f])(?=[a-f]*[0-9])(?:[0-9a-f]{12}|[0-9a-f]{16,})(?![0-9A-Za-z])/giu,
      replace: id,
    },
    {
      pattern: /(?<![\w+-])(?=[\w+-]*[A-Z])(?=[\w+-]*[a-z])(?=[\w+-]*[0-9])[A-Za-z0-9_+-]{32,}(?![\w+-])/gu,
      replace: ([found]) => [{ text: mark("secret", found), isMark: true }],
    },
  ];
}

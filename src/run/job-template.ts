/** A job file to begin with: it runs as it is, and what else it could say stands in it behind `#`. */
import { limitEntries, limitFieldName } from "./limit-fields.ts";

const limitLines = limitEntries
  .map(([, limit]) => `#  ${limitFieldName(limit)}: ${limit.example} # ${limit.description}\n`)
  .join("");

/** Its text. A line that begins with `#` and no space behind it is one that could be there. */
export const jobTemplate = `# A job for cupel run: what is run, and what it may do. "cupel plan job.yaml" shows what that comes to here,
# "cupel schema job" says in full what can stand in this file. Flags of cupel run go before what is said here.
version: 1

# The program and its arguments; no shell reads them. A command behind -- replaces it.
command: [echo, "hello from a sandbox"]

# The directory that cupel is called in: cow (what the job changes is kept apart, for cupel apply; the default), ro
# (read-only), rw (what the job writes is written there) or none. Of what is kept apart, ignore leaves out what matches;
# apply says what becomes of it at the end: never, ask or on-success.
#workspace:
#  mode: cow
#  ignore: []
#  apply: never

# Other paths that the job may read or change; they begin at this file's directory. tools grants the directories of your
# PATH and what the programs there need, read-only. Of all that, deny hides paths. protect has globs of names that are
# protected beside the usual ones; tmpfs makes private directories, /PATH or /PATH:SIZE.
#filesystem:
#  read:
#    allow: [.]
#  write:
#    allow: []
#  tools: false
#  deny: []
#  protect: []
#  tmpfs: []

# The host's programs (host), or in their place a directory (dir:PATH), an unpacked OCI image (image:PATH), or one of an
# engine's (image:podman:NAME, image:docker:NAME); and files that the job finds in its root, with their content.
#root: host
#files:
#  /etc/greeting: "hello"

# none: a loopback of the job's own that leads nowhere; no-sockets: not even that; host: the host's network.
# Or, in the place of a mode, allow: the destinations that it may connect to, and no others. Names, all names below one,
# or addresses, with a port or, without one, on 80 and 443.
#network:
#  mode: none
#  allow: [api.example.com:443, "*.example.org", "10.0.0.0/8:5432"]
# With allow, for programs that know of no proxy: what they connect to is taken wherever it leads.
#  transparent: false

# With allow, headers that the proxy puts into requests to a host, with names of secrets in braces: the job never has
# those secrets.
#  inject:
#    - { host: api.example.com, header: Authorization, value: "Bearer {TOKEN}" }

# Secrets: as /run/secrets/NAME, or behind a descriptor whose number is in CUPEL_SECRET_NAME_FD. Where each comes from
# stands here, never what it is. mask_output takes the values out of what the job writes.
#secrets:
#  files: { TOKEN: "file:token.txt" }
#  descriptors: { KEY: "fd:3" }
#  mask_output: false

# What runs before the command, in the same sandbox, and what it may connect to until it has ended.
#setup:
#  command: [npm, ci]
#  network: { allow: [registry.npmjs.org] }

# Ports of the host's loopback that lead to ports of the job's; 0 takes one that is free, and says which.
#publish: ["8080:3000"]

# Which system calls the job may make: default, strict (only the essential ones) or compat (those of debuggers as well).
#syscalls:
#  profile: default

# A job has no variable that is not named here: passed on from you, or with a value.
#env:
#  inherit: [LANG]
#  set:
#    CI: "true"

# A terminal of the job's own, relayed to yours.
#tty: false

# Caps on all processes of the job together; one that is stated here is a demand.
#limits:
${limitLines}#  on_output: truncate # what becomes of output over its cap: dropped (truncate), or the job is ended (kill)

# What has to hold: a class of isolation that is not to be gone below, guarantees beyond those of every job, the default
# limits, attacks that failed (cupel verify). What nothing here keeps can be given up by name.
#minimum:
#  isolation: namespace
#  guarantees: [proc.tree]
#  accept_missing: []
#  strict: false
#  verified: false

# Files of the workspace that are copied when the job has ended, by globs as in a .gitignore, to a directory that begins
# at this file's. With required, a job that succeeds without them is a failure.
#artifacts:
#  collect: [dist, "*.log"]
#  to: artifacts
#  size: 1G
#  files: 10000
#  required: false

# What is kept of the run for cupel runs: nothing with off; with output (true: 10M, or a size) what it wrote, too.
#records:
#  off: false
#  output: false

# A certain strategy, or which of those that fit.
#selection:
#  strategy: namespaces
#  prefer: fastest
`;

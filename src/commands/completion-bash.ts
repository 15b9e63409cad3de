/** Completion for bash, from version 3.2 on, with or without the bash-completion package. */
import type {
  CommandDescription,
  FlagDescription,
  OperandDescription,
  ValueDescription,
} from "../report/command-description.ts";
import { flagWords, flattenCommands } from "./command-tree.ts";
import type { CommandNode } from "./command-tree.ts";

/** The script. All that varies is data in `case` branches; the functions around it never change. */
export function renderBashCompletion(commands: readonly CommandDescription[]): string {
  const nodes = flattenCommands(commands);
  return [
    "# bash completion for cupel; made by `cupel completion bash`",
    "",
    ...tableFunction("_cupel_words", "Flags and subcommands of a command.", nodes.map(wordsBranch)),
    ...tableFunction(
      "_cupel_values",
      "What a flag (or, without one, an operand) of a command takes.",
      nodes.flatMap(valueBranches),
    ),
    ...tableFunction("_cupel_below", "Whether a word leads from a command to a subcommand.", [
      ...nodes.flatMap(belowBranch),
      "*) return 1 ;;",
    ]),
    ...tableFunction("_cupel_passes", "Whether the operands of a command are a command of the user's own.", [
      ...nodes.flatMap(passesBranch),
      "*) return 1 ;;",
    ]),
    fixedPart,
  ].join("\n");
}

function tableFunction(name: string, comment: string, branches: readonly string[]): string[] {
  return [
    `# ${comment}`,
    `${name}() {`,
    '  case "$1" in',
    ...branches.map((branch) => `    ${branch}`),
    "  esac",
    "}",
    "",
  ];
}

function wordsBranch({ path, command }: CommandNode): string {
  const words = [...(command.subcommands ?? []).map(({ name }) => name), ...command.flags.flatMap(flagWords)];
  return `${quote(pathKey(path))}) echo ${quote(words.join(" "))} ;;`;
}

function belowBranch({ path, command }: CommandNode): string[] {
  return (command.subcommands ?? []).map(({ name }) => `${quote(pathKey([...path, name]))}) return 0 ;;`);
}

function passesBranch({ path, command }: CommandNode): string[] {
  return command.passesCommand === true ? [`${quote(pathKey(path))}) return 0 ;;`] : [];
}

function valueBranches({ path, command }: CommandNode): string[] {
  return [...command.flags.flatMap((flag) => flagBranch(path, flag)), ...operandBranch(path, command.operands?.[0])];
}

function flagBranch(path: readonly string[], flag: FlagDescription): string[] {
  if (flag.value === undefined) return [];
  const keys = flagWords(flag).map((word) => quote(`${pathKey(path)} ${word}`));
  return [`${keys.join("|")}) echo ${quote(valueSpec(flag.value))} ;;`];
}

function operandBranch(path: readonly string[], operand: OperandDescription | undefined): string[] {
  return operand === undefined ? [] : [`${quote(`${pathKey(path)} `)}) echo ${quote(valueSpec(operand.value))} ;;`];
}

/** `path`, `text`, `choice a b` or `list a b`. */
function valueSpec(value: ValueDescription): string {
  if (value.kind !== "choice") return value.kind;
  return `${value.list === true ? "list" : "choice"} ${value.choices.join(" ")}`;
}

function pathKey(path: readonly string[]): string {
  return `/${path.join("/")}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const fixedPart = String.raw`# Adds what of the given words begins with the current one; $1 stands in front of each.
_cupel_add() {
  local front=$1 current=$2 word
  shift 2
  for word in "$@"; do
    [[ $front$word == "$current"* ]] && COMPREPLY+=("$front$word")
  done
}

# Adds paths.
_cupel_paths() {
  local path
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen -f -- "$1")
}

# Completes a value: $1 says what it is ("path", "text", "choice a b", "list a b"), $2 is what stands there.
_cupel_value() {
  local kind=${"${1%% *}"} choices=${"${1#* }"} front=''
  case $kind in
    path) _cupel_paths "$2" ;;
    choice) _cupel_add '' "$2" $choices ;;
    list)
      [[ $2 == *,* ]] && front=${"${2%,*}"},
      compopt -o nospace 2>/dev/null
      _cupel_add "$front" "$2" $choices
      ;;
  esac
}

# Completes a command of the user's own, whose first word is COMP_WORDS[$1].
_cupel_command() {
  local current=${"${COMP_WORDS[COMP_CWORD]}"} word
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif ((COMP_CWORD == $1)); then
    while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -c -- "$current" | sort -u)
  else
    _cupel_paths "$current"
  fi
}

_cupel() {
  local current=${"${COMP_WORDS[COMP_CWORD]}"} path=/ flag='' word spec index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    word=${"${COMP_WORDS[index]}"}
    if [[ $word == -- ]]; then
      _cupel_command $((index + 1))
      return
    elif [[ $word == = ]]; then
      continue
    elif [[ -n $flag ]]; then
      flag=''
    elif [[ $word == -* ]]; then
      [[ -n $(_cupel_values "$path $word") ]] && flag=$word
    elif _cupel_below "${"${path%/}"}/$word"; then
      path=${"${path%/}"}/$word
    elif _cupel_passes "$path"; then
      _cupel_command "$index"
      return
    fi
  done
  [[ $current == = ]] && current=''
  spec=$(_cupel_values "$path $flag")
  if [[ -n $flag ]]; then
    _cupel_value "$spec" "$current"
  elif [[ $current != -* ]] && _cupel_passes "$path"; then
    _cupel_command "$COMP_CWORD"
  else
    [[ -n $spec && $current != -* ]] && _cupel_value "$spec" "$current"
    _cupel_add '' "$current" $(_cupel_words "$path")
  fi
}

complete -F _cupel cupel
`;

#!/bin/sh
# Asks cupel, in a CI job, whether this runner holds what is demanded of it: one measurement, written in every form that
# the CI system reads. It takes variables alone, so that nothing of a workflow is ever pasted into a script:
#
#   CUPEL_EXECUTABLE           a cupel that is there already; otherwise one is installed from CUPEL_BASE_URL
#   CUPEL_BASE_URL             the server of install.sh:  URL/latest/download/install.sh
#   CUPEL_VERSION              this release instead of the latest
#   CUPEL_INSTALLER_SHA256     hash of that release's install.sh, which holds the key that the rest is verified with
#   CUPEL_PREFIX               install into PREFIX/bin; default a folder for temporary files
#   CUPEL_POLICY, CUPEL_JOB    file with the demands (cupel check --policy, --job)
#   CUPEL_REQUIRE, CUPEL_MIN, CUPEL_CAPABILITY   demands (cupel check --require, --min, --capability)
#   CUPEL_FLAGS                further flags of cupel check, with blanks between them:  --memory 2G --locked
#   CUPEL_REPORT_DIRECTORY     where report.json, junit.xml and summary.md are written; default cupel-report, on GitHub
#                              below RUNNER_TEMP
#
# Exit codes are those of cupel check: 0 all demands hold, 1 one fails, 3 one cannot be told, 4 differs from the lock,
# 2 only in part, 64 wrong input; 70 also where cupel could not be had or did not measure.
set -euf

wrong_input=64
own_failure=70

is_github() {
    [ "${GITHUB_ACTIONS:-}" = true ]
}

# An annotation on GitHub, which its log shows as well: of a failed step people see no more than that and the exit code.
complain() {
    if is_github; then
        printf '::error title=cupel::%s\n' "$(printf '%s' "${1#cupel: }" | tr '\r\n' '  ' | sed 's/%/%25/g')"
    else
        printf '%s\n' "$1" >&2
    fi
}

stop() {
    complain "cupel: $2"
    tell_outputs "$1"
    exit "$1"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

make_work_folder() {
    parent=${RUNNER_TEMP:-${TMPDIR:-/tmp}}
    work=''
    trap '[ -z "$work" ] || rm -rf "$work"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    work=$(mktemp -d "$parent/cupel-preflight.XXXXXX") || stop "$own_failure" "no folder can be made in $parent"
}

# --- where the report goes ---

# A path with a line end could add outputs of its own to GITHUB_OUTPUT.
choose_directory() {
    wanted=${CUPEL_REPORT_DIRECTORY:-}
    if [ -z "$wanted" ] && is_github && [ -n "${RUNNER_TEMP:-}" ]; then wanted=$RUNNER_TEMP/cupel-report; fi
    wanted=${wanted:-./cupel-report}
    case $wanted in
        *'
'*) stop "$wrong_input" "CUPEL_REPORT_DIRECTORY has a line end in it" ;;
        -*) wanted=./$wanted ;;
    esac
    # What was checked out may hold a link that leads anywhere.
    [ ! -L "$wanted" ] || stop "$wrong_input" "CUPEL_REPORT_DIRECTORY $wanted is a symbolic link"
    mkdir -p "$wanted" 2>/dev/null || stop "$wrong_input" "CUPEL_REPORT_DIRECTORY $wanted cannot be made"
    directory=$(CDPATH='' cd "$wanted" && pwd) || stop "$wrong_input" "CUPEL_REPORT_DIRECTORY $wanted cannot be entered"
    # A report of an earlier run would be taken for this one's.
    rm -f "$directory/report.json" "$directory/junit.xml" "$directory/summary.md" 2>/dev/null ||
        stop "$wrong_input" "CUPEL_REPORT_DIRECTORY $directory cannot be written to"
}

# --- cupel itself ---

find_cupel() {
    if [ -n "${CUPEL_EXECUTABLE:-}" ]; then
        cupel=$CUPEL_EXECUTABLE
        case $cupel in */*) ;; *) cupel=$(command -v "$cupel" || printf '%s' "$cupel") ;; esac
        if [ ! -f "$cupel" ] || [ ! -x "$cupel" ]; then
            cupel=''
            stop "$wrong_input" "CUPEL_EXECUTABLE $CUPEL_EXECUTABLE is no executable file"
        fi
    elif [ -n "${CUPEL_BASE_URL:-}" ]; then
        install_cupel
    else
        stop "$wrong_input" "say where cupel is: CUPEL_EXECUTABLE for one that is installed, or CUPEL_BASE_URL to install it from"
    fi
}

download() {
    if have curl; then
        curl -fsSL --retry 2 --connect-timeout 20 -o "$2" "$1"
    elif have wget; then
        wget -q -O "$2" "$1"
    else
        echo "neither curl nor wget is here to download with" >&2
        return 1
    fi
}

last_line() {
    tail -n 1 "$1" | sed 's/^cupel: //'
}

hash_of() {
    if have sha256sum; then sha256sum "$1"; elif have shasum; then shasum -a 256 "$1"; else openssl dgst -r -sha256 "$1"; fi |
        cut -c 1-64
}

check_installer() {
    [ -n "${CUPEL_INSTALLER_SHA256:-}" ] || return 0
    actual=$(hash_of "$1" 2>/dev/null) || actual=''
    [ "$actual" = "$CUPEL_INSTALLER_SHA256" ] ||
        stop "$own_failure" "install.sh is not the one that was named: its SHA-256 is ${actual:-unknown}, not $CUPEL_INSTALLER_SHA256"
}

install_cupel() {
    version=${CUPEL_VERSION:-}
    version=${version#v}
    address=${CUPEL_BASE_URL%/}/latest/download/install.sh
    [ -z "$version" ] || address=${CUPEL_BASE_URL%/}/download/v$version/install.sh
    download "$address" "$work/install.sh" 2>"$work/errors" ||
        stop "$own_failure" "$address could not be downloaded: $(last_line "$work/errors")"
    check_installer "$work/install.sh"
    prefix=${CUPEL_PREFIX:-$parent/cupel}
    is_github || prefix=${CUPEL_PREFIX:-$work/cupel}
    set -- --prefix "$prefix"
    [ -z "$version" ] || set -- "$@" --version "$version"
    CUPEL_BASE_URL=$CUPEL_BASE_URL sh "$work/install.sh" "$@" >"$work/installed" 2>"$work/errors" ||
        stop "$own_failure" "cupel could not be installed: $(last_line "$work/errors")"
    head -n 1 "$work/installed"
    cupel=$prefix/bin/cupel
    # For the steps that follow.
    if is_github && [ -n "${GITHUB_PATH:-}" ]; then printf '%s\n' "$prefix/bin" >>"$GITHUB_PATH"; fi
}

# --- the check ---

check() {
    set -- check --format auto
    [ -z "${CUPEL_POLICY:-}" ] || set -- "$@" --policy "$CUPEL_POLICY"
    [ -z "${CUPEL_JOB:-}" ] || set -- "$@" --job "$CUPEL_JOB"
    [ -z "${CUPEL_REQUIRE:-}" ] || set -- "$@" --require "$CUPEL_REQUIRE"
    [ -z "${CUPEL_MIN:-}" ] || set -- "$@" --min "$CUPEL_MIN"
    [ -z "${CUPEL_CAPABILITY:-}" ] || set -- "$@" --capability "$CUPEL_CAPABILITY"
    # shellcheck disable=SC2086 # one word for each flag; set -f keeps them as they are
    set -- "$@" ${CUPEL_FLAGS:-}
    set -- "$@" --output "json=$directory/report.json" --output "junit=$directory/junit.xml" \
        --output "markdown=$directory/summary.md"
    code=0
    "$cupel" "$@" 2>"$work/errors" || code=$?
}

# A verdict counts only with its report: any program that ends with 0 could be called cupel.
judge() {
    case $code in
        0 | 1 | 2 | 3 | 4)
            cat "$work/errors" >&2
            [ -s "$directory/report.json" ] ||
                stop "$own_failure" "$cupel wrote no report, so its exit code $code says nothing; is it cupel?"
            ;;
        64 | 70)
            complain "$(cat "$work/errors")"
            ;;
        *)
            cat "$work/errors" >&2
            stop "$own_failure" "$cupel did not come to an end of its own (exit code $code)"
            ;;
    esac
}

show_summary() {
    [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -s "$directory/summary.md" ] || return 0
    cat "$directory/summary.md" >>"$GITHUB_STEP_SUMMARY" || echo "cupel: the job summary could not be written" >&2
}

describe() {
    case $1 in
        0) echo passed ;;
        1) echo failed ;;
        2) echo degraded ;;
        3) echo unknown ;;
        4) echo drifted ;;
        *) echo error ;;
    esac
}

# Without paths of files that are not there: an upload of nothing is a success.
tell_outputs() {
    [ -n "${GITHUB_OUTPUT:-}" ] || return 0
    {
        printf 'result=%s\nexit-code=%s\n' "$(describe "$1")" "$1"
        [ -z "$directory" ] || [ ! -s "$directory/report.json" ] ||
            printf 'report=%s\njunit=%s\n' "$directory/report.json" "$directory/junit.xml"
        [ -z "$cupel" ] || printf 'executable=%s\n' "$cupel"
    } >>"$GITHUB_OUTPUT"
}

main() {
    directory='' cupel=''
    make_work_folder
    choose_directory
    find_cupel
    check
    judge
    show_summary
    tell_outputs "$code"
    exit "$code"
}

main

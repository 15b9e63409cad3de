#!/bin/sh
# Installs cupel:   curl -fsSL ADDRESS/latest/download/install.sh | sh
# With flags:       curl -fsSL ADDRESS/latest/download/install.sh | sh -s -- --help
set -eu
umask 022

# scripts/release.ts fills these in when it publishes this script.
own_version=''
default_address=''
public_key=''
ssh_key=''

print_help() {
    cat <<'HELP'
Installs cupel, or replaces an older one with it.

  --version V           this release instead of the latest
  --prefix DIR          into DIR/bin (root: /usr/local/bin; anyone else: ~/.local/bin)
  --dry-run             says what it would do; changes nothing
  --uninstall           takes away what it installed
  --insecure-unsigned   goes by checksums alone: whoever controls the server can then give you anything
  --help                this

CUPEL_BASE_URL names another server: files lie at URL/latest/download/FILE and URL/download/vVERSION/FILE.
`cupel upgrade` will ask the same one.
HELP
}

say() {
    printf 'cupel: %s\n' "$1"
}

warn() {
    printf 'cupel: %s\n' "$1" >&2
}

stop() {
    warn "$1"
    exit 1
}

# EX_USAGE of sysexits.h.
refuse() {
    warn "$1 (see --help)"
    exit 64
}

have() {
    command -v "$1" >/dev/null 2>&1
}

# --- what was asked for ---

read_flags() {
    version='' prefix='' task='install' verifies=1 changes=1
    while [ $# -gt 0 ]; do
        case $1 in
            --version | --prefix)
                [ $# -ge 2 ] || refuse "$1 needs a value"
                read_value "$1" "$2"
                shift
                ;;
            --version=* | --prefix=*) read_value "${1%%=*}" "${1#*=}" ;;
            --dry-run) changes=0 ;;
            --uninstall) task='uninstall' ;;
            --insecure-unsigned) verifies=0 ;;
            --help | -h)
                print_help
                exit 0
                ;;
            *) refuse "install.sh has no flag $1" ;;
        esac
        shift
    done
}

read_value() {
    case $1 in
        --version)
            version=${2#v}
            printf '%s\n' "$version" | grep -qxE '[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?' ||
                refuse "--version $2 is not a version such as 1.2.3"
            ;;
        --prefix)
            prefix=${2%/}
            case $prefix in
                /*) ;;
                *) refuse "--prefix takes an absolute directory other than /, not '$2'" ;;
            esac
            ;;
    esac
}

choose_places() {
    if [ -z "$prefix" ] && is_root; then
        prefix=/usr/local
    elif [ -z "$prefix" ]; then
        case ${HOME:-} in
            /?*) prefix=${HOME%/}/.local ;;
            *) refuse "HOME is not set to a directory: say where to with --prefix DIR" ;;
        esac
    fi
    bin=$prefix/bin lib=$prefix/lib/cupel manual=$prefix/share/man/man1
    executable=$bin/cupel
    [ ! -d "$executable" ] || stop "$executable is a directory"
}

is_root() {
    [ "$(id -u)" = 0 ]
}

# --- what this machine is ---

detect_target() {
    machine=$(uname -m)
    case $machine in
        x86_64 | amd64) architecture=x64 ;;
        aarch64 | arm64) architecture=arm64 ;;
        *) stop "there is no cupel for $machine processors, only for x86-64 and arm64" ;;
    esac
    system=$(uname -s)
    case $system in
        Linux)
            require_processor
            detect_libc
            target=linux-$architecture$libc
            ;;
        Darwin) target=macos-$architecture ;;
        MINGW* | MSYS* | CYGWIN*) stop "on Windows, run this in WSL 2 (wsl --install): there cupel can do its work" ;;
        *) stop "there is no cupel for $system" ;;
    esac
}

# What Bun is compiled for on x86-64: Nehalem of 2008 and later.
require_processor() {
    [ "$architecture" = x64 ] && [ -r /proc/cpuinfo ] || return 0
    grep -qw sse4_2 /proc/cpuinfo || stop "this processor has no SSE 4.2, without which the runtime of cupel does not start"
}

# Alpine can have a stand-in for glibc's loader, so what the system calls its own comes first.
detect_libc() {
    case $architecture in
        x64) glibc_loader=/lib64/ld-linux-x86-64.so.2 musl_loader=/lib/ld-musl-x86_64.so.1 ;;
        arm64) glibc_loader=/lib/ld-linux-aarch64.so.1 musl_loader=/lib/ld-musl-aarch64.so.1 ;;
    esac
    libc=''
    if [ -e "$musl_loader" ]; then
        [ -e "$glibc_loader" ] && [ ! -e /etc/alpine-release ] || libc=-musl
    elif [ ! -e "$glibc_loader" ]; then
        stop "cupel needs $glibc_loader (glibc) or $musl_loader (musl), and neither is here"
    fi
}

# --- downloads ---

choose_address() {
    address=${CUPEL_BASE_URL:-$default_address}
    [ -n "$address" ] || refuse "this copy of install.sh knows no server: set CUPEL_BASE_URL"
    case $address in
        https://* | http://*) ;;
        *) refuse "CUPEL_BASE_URL has to start with https:// or http://, not '$address'" ;;
    esac
    address=${address%/}/latest/download
    [ -z "$version" ] || address=${address%/latest/download}/download/v$version
    have curl || have wget || stop "neither curl nor wget is here to download with"
}

# Gives why it failed in $why.
download() {
    if have curl; then
        why=$(curl -fsSL --retry 2 --connect-timeout 20 -o "$2" "$address/$1" 2>&1) || return 1
    else
        why=$(wget -q -O "$2" "$address/$1" 2>&1) || return 1
    fi
}

# The last line that the program wrote, or that it wrote nothing.
reason() {
    last=$(printf '%s' "$why" | tail -n 1)
    printf '%s' "${last:-the download failed}"
}

hash_of() {
    if have sha256sum; then
        sha256sum "$1"
    elif have shasum; then
        shasum -a 256 "$1"
    else
        openssl dgst -r -sha256 "$1"
    fi | cut -c 1-64
}

# The hash that the (verified) list has for a file; nothing for one that is not of the release.
listed_hash() {
    sed -n "s/^\([0-9a-f]\{64\}\)  $1\$/\1/p" "$work/SHA256SUMS"
}

check_listed() {
    wanted=$(listed_hash "$1")
    actual=$(hash_of "$2") || actual=''
    [ "$actual" = "${wanted:-nothing}" ] ||
        stop "$1 as downloaded is not the file of the release: its SHA-256 is ${actual:-unknown}, not ${wanted:-listed}"
}

download_listed() {
    download "$1" "$2" || stop "$address/$1 could not be downloaded: $(reason)"
    check_listed "$1" "$2"
}

# Compressed where that can be undone here: half as long.
download_executable() {
    if have gzip && [ -n "$(listed_hash "$name.gz")" ]; then
        download_listed "$name.gz" "$staged/compressed"
        why=$(gzip -dc <"$staged/compressed" 2>&1 >"$staged/cupel") ||
            stop "$name.gz could not be unpacked in $bin: $(reason)"
        rm -f "$staged/compressed"
        check_listed "$name" "$staged/cupel"
    else
        download_listed "$name" "$staged/cupel"
    fi
}

# --- who made it ---

verify_list() {
    if [ "$verifies" = 0 ]; then
        warn "not verified who made this release (--insecure-unsigned)"
    elif [ -z "$public_key" ]; then
        stop "this install.sh holds no key, so nothing tells who made what it downloads: --insecure-unsigned takes it all the same"
    elif openssl_can_verify; then
        verify_with SHA256SUMS.sig verify_with_openssl
    elif ssh_keygen_can_verify; then
        verify_with SHA256SUMS.sshsig verify_with_ssh_keygen
    else
        stop "nothing here can verify who made the release: install OpenSSL 3 or the ssh-keygen of OpenSSH 8.1, or go by checksums alone with --insecure-unsigned"
    fi
}

verify_with() {
    download "$1" "$work/$1" || stop "the release has no signature that can be had, so it is not installed: $address/$1: $(reason)"
    "$2" >/dev/null 2>&1 || stop "the signature of the release is not by the key of cupel: not installed"
}

# Versions before 3 know Ed25519 and have no command for it; LibreSSL likewise.
openssl_can_verify() {
    have openssl || return 1
    case $(openssl version 2>/dev/null) in
        'OpenSSL '[012].*) return 1 ;;
        'OpenSSL '*) ;;
        *) return 1 ;;
    esac
}

verify_with_openssl() {
    printf '%s\n' '-----BEGIN PUBLIC KEY-----' "$public_key" '-----END PUBLIC KEY-----' >"$work/key.pem"
    openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$work/SHA256SUMS" -sigfile "$work/SHA256SUMS.sig"
}

# An older one complains about the flag, a newer one about what is missing after it.
ssh_keygen_can_verify() {
    have ssh-keygen || return 1
    case $(ssh-keygen -Y verify </dev/null 2>&1) in *option*Y* | '') return 1 ;; esac
}

verify_with_ssh_keygen() {
    printf 'cupel namespaces="cupel-release" %s\n' "$ssh_key" >"$work/signers"
    ssh-keygen -Y verify -f "$work/signers" -I cupel -n cupel-release -s "$work/SHA256SUMS.sshsig" <"$work/SHA256SUMS"
}

# --- which release ---

read_list() {
    download SHA256SUMS "$work/SHA256SUMS" || stop "$address/SHA256SUMS could not be downloaded: $(reason)"
    verify_list
    found=$(sed -n "s/^[0-9a-f]\{64\}  cupel-\([0-9][0-9A-Za-z.-]*\)-$target\$/\1/p" "$work/SHA256SUMS")
    case $found in
        '') stop "the release holds no executable for $target" ;;
        *[!0-9A-Za-z.-]*) stop "the release holds several executables for $target" ;;
    esac
    if [ -n "$version" ]; then
        [ "$found" = "$version" ] || stop "the server gave release $found in place of $version: not installed"
    elif [ -n "$own_version" ] && is_older "$found" "$own_version"; then
        stop "the server calls $found the latest release, and this script is of $own_version: to go back, say --version $found"
    fi
    version=$found
}

# Compares the three numbers; what may follow them is not looked at.
is_older() {
    awk -v one="$1" -v other="$2" 'BEGIN {
        split(one, a, /[.-]/); split(other, b, /[.-]/)
        for (i = 1; i <= 3; i++) if (a[i] + 0 != b[i] + 0) exit !(a[i] + 0 < b[i] + 0)
        exit 1
    }'
}

# --- installing ---

# Everything that is written before it is known to be right is in here, or beside its place under a name of its own.
make_work_folder() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/cupel-install.XXXXXX") || stop "no folder can be made in ${TMPDIR:-/tmp}"
    staged=''
    trap 'rm -rf "$work"; [ -z "$staged" ] || rm -rf "$staged"' EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# On the file system of the executable, so that its last step is a rename.
make_staging_folder() {
    mkdir -p "$bin" 2>/dev/null || stop "$bin cannot be made: choose another place with --prefix DIR"
    staged=$(mktemp -d "$bin/.cupel-installing.XXXXXX" 2>/dev/null) ||
        stop "$bin cannot be written to: choose another place with --prefix DIR"
    # What one that was killed left; a younger one may be at work.
    find "$bin" -name '.cupel-installing.*' -mmin +60 -exec rm -rf {} + 2>/dev/null || :
}

# Only files of root's are worth having beside the executable: cupel keeps private copies otherwise.
list_helpers() {
    is_root || return 0
    sed -n "s/^[0-9a-f]\{64\}  cupel-helper-$version-linux-$architecture-\([a-z]*\)\$/\1/p" "$work/SHA256SUMS"
}

install_cupel() {
    detect_target
    choose_address
    have sha256sum || have shasum || have openssl || stop "none of sha256sum, shasum and openssl is here to verify with"
    make_work_folder
    read_list
    name=cupel-$version-$target
    if [ "$changes" = 0 ]; then
        say "would install $address/$name as $executable"
        return
    fi
    make_staging_folder
    download_executable
    chmod 755 "$staged/cupel"
    try_executable
    for helper in $(list_helpers); do
        download_listed "cupel-helper-$version-linux-$architecture-$helper" "$staged/helper-$helper"
        chmod 755 "$staged/helper-$helper"
    done
    download_listed cupel.1 "$staged/manual"
    put_in_place
    report
}

# Nothing is replaced by what does not run here.
try_executable() {
    printed=$("$staged/cupel" --version 2>&1) || printed="$printed (exit code $?)"
    case $printed in
        "cupel $version ("*) return ;;
    esac
    case $printed in
        *libstdc++* | *libgcc*) printed="it needs libstdc++ (Alpine: apk add libstdc++)" ;;
    esac
    stop "$name does not run here, so nothing was changed: $printed"
}

# The executable last: it goes without helpers and manual, and they are of no use without it.
put_in_place() {
    for helper in "$staged"/helper-*; do
        [ -f "$helper" ] || continue
        place "$helper" "$lib" "${helper##*/helper-}"
    done
    place "$staged/manual" "$manual" cupel.1
    record_address
    mv -f "$staged/cupel" "$executable" || stop "$executable could not be replaced"
}

# Another server than the release's own, for `cupel upgrade`; one with a password in it is not for everyone to read.
record_address() {
    case ${CUPEL_BASE_URL:-} in
        '' | *@* | "$default_address" | "$default_address/") rm -f "$lib/address" ;;
        *)
            printf '%s\n' "${CUPEL_BASE_URL%/}" >"$staged/address"
            place "$staged/address" "$lib" address
            ;;
    esac
}

# Beside its place first, which may be on another file system; then renamed.
place() {
    if mkdir -p "$2" && cp -p "$1" "$2/.$3.$$" && mv -f "$2/.$3.$$" "$2/$3"; then return; fi
    rm -f "$2/.$3.$$"
    stop "$2/$3 could not be written: $executable was left as it was"
}

report() {
    say "installed $version as $executable"
    case :$PATH: in
        *:"$bin":*)
            first=$(command -v cupel || true)
            [ "$first" = "$executable" ] || warn "\`cupel\` still means $first, which comes first in PATH"
            ;;
        *) warn "$bin is not in PATH: call $executable, or add it with  PATH=\"$bin:\$PATH\"" ;;
    esac
    # Its exit code is about this host, and the installation went well.
    "$executable" doctor --brief || :
}

uninstall_cupel() {
    removed=0
    for path in "$executable" "$lib" "$manual/cupel.1"; do
        [ -e "$path" ] || continue
        removed=1
        if [ "$changes" = 0 ]; then
            say "would remove $path"
            continue
        fi
        rm -rf "$path" || stop "$path could not be removed"
        say "removed $path"
    done
    [ "$removed" = 1 ] || say "nothing is installed in $prefix"
}

# Called in the last line: a script that was cut off on its way here does nothing.
main() {
    read_flags "$@"
    choose_places
    case $task in
        install) install_cupel ;;
        uninstall) uninstall_cupel ;;
    esac
}

main "$@"

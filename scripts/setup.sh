# shellcheck shell=sh
# Makes a checkout ready to run: Bun, dependencies, generated sources, native helpers, executable.
# Sourced by scripts/cupel and scripts/test, which set `root`. Says one line on stderr for each step that it takes.

: "${root:?is set by whoever sources this}"
bun="$root/node_modules/bun/bin/bun.exe"
installed="$root/node_modules/.cupel-installed"
# scripts/build.ts touches the first when it starts and the second when it has ended well.
build_started="$root/dist/.build-started"
build_ended="$root/dist/.build-ended"
log="$root/dist/setup.log"

say() {
    printf 'cupel: %s\n' "$1" >&2
}

# 125: cupel's own failure before the job.
stop() {
    say "$1"
    exit 125
}

stop_with_log() {
    tail -n 20 "$log" >&2
    stop "$1 (all of it: $log)"
}

have() {
    command -v "$1" >/dev/null 2>&1
}

dependencies_are_current() {
    [ -x "$bun" ] && [ -e "$installed" ] &&
        [ -z "$(find "$root/package.json" "$root/bun.lock" -newer "$installed" -print -quit)" ]
}

# Files count from the build's start, so that one edited meanwhile is seen. Folders, which tell of deleted files, count
# from its end: the build itself adds generated files to them.
build_is_current() {
    [ -x "$root/dist/cupel" ] && [ -e "$build_started" ] && [ -e "$build_ended" ] &&
        [ -z "$(find "$root/src" "$root/platform" "$root/scripts/build.ts" "$root/scripts/build" \
            "$root/scripts/gen.ts" "$root/scripts/gen" "$root/scripts/source" "$root/package.json" "$installed" \
            \( -type f ! -name '*.gen.*' ! -name '*.test.ts' -newer "$build_started" \
            -o -type d -newer "$build_ended" \) -print -quit)" ]
}

is_current() {
    dependencies_are_current && build_is_current
}

# Names the first folder that set-up has to write to and cannot.
require_writable_clone() {
    for folder in "$root/dist" "$root/node_modules" "$root/src/launch" "$root/src/model"; do
        mkdir -p "$folder" 2>/dev/null || folder=${folder%/*}
        [ -w "$folder" ] || stop "the build is missing or older than its sources, and $folder (owner: $(stat -c %U "$folder")) \
is not writable for $(id -un 2>/dev/null || id -u): run ./scripts/cupel as the owner, or clone the repository yourself"
    done
}

# Everything that set-up needs and cannot fetch, asked for at once.
require_tools() {
    missing='' packages=''
    [ -x "$bun" ] || have npm || missing="$missing, npm" packages="$packages npm"
    [ -x "$bun" ] || have node || missing="$missing, node" packages="$packages nodejs"
    [ -n "${CC:-}" ] || have gcc || have cc || have clang ||
        missing="$missing, a C compiler" packages="$packages gcc libc6-dev"
    have flock || missing="$missing, flock" packages="$packages util-linux"
    [ -z "$missing" ] || stop "cannot set up without ${missing#, } (Debian: apt-get install$packages)"
}

# Descriptor 9 holds the lock until `set_up` closes it; a killed set-up loses it with its last process.
take_lock() {
    exec 9>"$root/dist/.lock"
    if ! flock -n 9; then
        say "waiting for another set-up of this checkout"
        flock 9
    fi
    # The last log may be another user's.
    rm -f "$log"
}

# The version that package.json pins.
pinned_bun_version() {
    sed -n 's/^ *"bun": "\([0-9.]*\)".*/\1/p' "$root/package.json"
}

# Sets `runtime` to a Bun that can install the dependencies: the one here, one in PATH, or one fetched to start from.
find_bun() {
    version=$(pinned_bun_version)
    for runtime in "$bun" "$(command -v bun || true)"; do
        [ "$("$runtime" --version 2>/dev/null)" != "$version" ] || return 0
    done
    say "fetching Bun $version"
    rm -rf "$root/dist/.bun"
    mkdir "$root/dist/.bun"
    # A project of its own: with --prefix, npm would look for its system-wide settings there too.
    printf '{}' >"$root/dist/.bun/package.json"
    (cd "$root/dist/.bun" && npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund \
        "bun@$version") </dev/null >"$log" 2>&1 || stop_with_log "npm could not fetch Bun $version"
    for runtime in "$root"/dist/.bun/node_modules/@oven/*/bin/bun; do
        [ "$("$runtime" --version 2>/dev/null)" != "$version" ] || return 0
    done
    stop "the Bun $version that npm fetched does not run on this machine"
}

# npm's own setting of this name; nothing where it has none.
npm_setting() {
    value=$(npm config get "$1" 2>/dev/null </dev/null) || value=''
    case $value in null | undefined) value='' ;; esac
    printf '%s' "$value"
}

# Bun installs what bun.lock names, from where npm is configured to fetch.
install_dependencies() {
    find_bun
    say "installing dependencies"
    set -- install --frozen-lockfile --no-progress
    if have npm; then
        registry=$(npm_setting registry) authority=$(npm_setting cafile) proxy=$(npm_setting https-proxy)
        set -- "$@" ${registry:+--registry "$registry"} ${authority:+--cafile "$authority"}
        [ -z "$proxy" ] || export HTTPS_PROXY="$proxy"
    fi
    (cd "$root" && "$runtime" "$@") </dev/null >"$log" 2>&1 || stop_with_log "the dependencies could not be installed"
    "$bun" --version >/dev/null 2>&1 || stop_with_log "Bun was installed and does not run"
    rm -rf "$root/dist/.bun"
    touch "$installed"
}

# Whoever has no home to keep caches in keeps them here.
keep_caches() {
    [ -z "${HOME:-}" ] || [ ! -w "$HOME" ] || return 0
    export npm_config_cache="$root/dist/.cache/npm" BUN_INSTALL_CACHE_DIR="$root/dist/.cache/bun"
}

# A build that was killed may have left temporary files; under the lock there is no other.
build() {
    rm -rf "$root"/dist/.build-started.* "$root"/dist/.building-*
    (cd "$root" && "$bun" --no-env-file scripts/build.ts) </dev/null >&2 || exit 125
}

# Does what is missing, under a lock; nothing, and quickly, when nothing is.
set_up() {
    is_current && return
    require_writable_clone
    require_tools
    take_lock
    keep_caches
    dependencies_are_current || install_dependencies
    build_is_current || build
    exec 9>&-
}

/**
 * Scripts that call a bubblewrap, $BWRAP: what they print and how they end says what it does. Everything here is in version
 * 0.8, so that Debian's own can be asked the same.
 */

/** Every option of bwrap(1), version 0.11.0. */
export const bwrapOptions: readonly string[] =
  "--help --version --args --argv0 --level-prefix --unshare-user --unshare-user-try --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup --unshare-cgroup-try --unshare-all --share-net --userns --userns2 --disable-userns --assert-userns-disabled --pidns --uid --gid --hostname --chdir --setenv --unsetenv --clearenv --lock-file --sync-fd --perms --size --bind --bind-try --dev-bind --dev-bind-try --ro-bind --ro-bind-try --remount-ro --overlay-src --overlay --tmp-overlay --ro-overlay --proc --dev --tmpfs --mqueue --dir --file --bind-data --ro-bind-data --symlink --chmod --seccomp --add-seccomp-fd --exec-label --file-label --block-fd --userns-block-fd --info-fd --json-status-fd --new-session --die-with-parent --as-pid-1 --cap-add --cap-drop --bind-fd --ro-bind-fd".split(
    " ",
  );

/** A root of which only the host's programs are in place. */
const small = "--ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64";
const whole = "--ro-bind / /";

/** What mounts there are, but for what numbers them, and whom they are told of. */
const mounts = `sh -c 'cut -d" " -f4- /proc/self/mountinfo | sed "s/ [a-z]*:[0-9]*//" | sort'`;
const identity = `sh -c 'id -u; id -g; cat /proc/self/uid_map /proc/self/gid_map /proc/self/setgroups'`;
const capabilities = "grep Cap /proc/self/status";

/** A caller that reads what is told to its end, before it lets the sandbox go on. */
const toldToEnd = (flag: string, act: string): string =>
  `mkfifo told go; exec 7<>go; { tr -d '\n' <told | sed -E 's/[0-9]{2,}/N/g'; echo; ${act}; } & $BWRAP ${whole}` +
  ` ${flag}`;

/** Of processes: numbers are nobody's to compare. */
const anyNumber = "sed -E 's/[0-9]{2,}/N/g'";

const ends = [
  `$BWRAP ${whole} true`,
  `$BWRAP ${whole} false`,
  `$BWRAP ${whole} sh -c 'exit 42'`,
  `$BWRAP ${whole} sh -c 'kill -9 $$'`,
  `$BWRAP ${whole} --unshare-pid sh -c 'kill -TERM $$'`,
  `$BWRAP ${whole} --unshare-pid --as-pid-1 sh -c 'exit 3'`,
  `$BWRAP ${whole} -- sh -c 'echo "$0" "$@"' a --b`,
  `$BWRAP -- true`,
  `$BWRAP ${whole} nosuch`,
  `$BWRAP ${whole} /etc/passwd`,
  `$BWRAP ${whole} --setenv PATH /nosuch:/usr/bin env true`,
  `$BWRAP ${whole} --unsetenv PATH sh -c 'echo found'`,
  `printf 'echo a script of $1' >script; chmod 755 script; $BWRAP ${whole} ./script words`,
  `$BWRAP ${whole} cat </etc/hostname`,
];

const refusals = [
  "$BWRAP --bogus",
  "$BWRAP --bind",
  "$BWRAP --bind a",
  `$BWRAP ${whole} --uid 5 true; $BWRAP ${whole} --gid 5 true; $BWRAP ${whole} --uid x true`,
  `$BWRAP ${whole} --hostname a true`,
  `$BWRAP ${whole} --as-pid-1 true`,
  `$BWRAP ${whole} --lock-file /etc/passwd --as-pid-1 --unshare-pid true`,
  `$BWRAP ${whole} --disable-userns true`,
  `$BWRAP ${whole} --unshare-user --userns-block-fd 9 true`,
  `$BWRAP ${whole} --userns-block-fd 9 true`,
  `$BWRAP ${whole} --userns 99 true`,
  `$BWRAP ${whole} --seccomp 99 true`,
  `$BWRAP ${whole} --cap-add bogus true`,
  `$BWRAP ${whole} --perms 9 --dir /x true`,
  `$BWRAP ${whole} --perms 0700 --bind / / true`,
  `$BWRAP ${whole} --perms 0700 --perms 0700 --dir /x true`,
  `$BWRAP ${whole} --size 0 --tmpfs /x true; $BWRAP ${whole} --size 1048576 --dir /x true`,
  `$BWRAP ${whole} --file x /tmp/x true`,
  `$BWRAP --ro-bind /nosuch /x true`,
  `$BWRAP ${whole} --bind /etc/passwd /usr true; $BWRAP ${whole} --bind /usr /etc/passwd true`,
  `$BWRAP ${whole} --dir /nosuch true`,
  `$BWRAP ${whole} --chdir /nosuch true`,
  `$BWRAP ${whole} --lock-file /nosuch true`,
];

const files = [
  `$BWRAP ${small} --dir /run/r --symlink ../run/r/resolv.conf /etc/resolv.conf --ro-bind /etc/hostname /etc/resolv.conf sh -c 'cat /etc/resolv.conf /run/r/resolv.conf'`,
  `$BWRAP ${whole} --remount-ro /usr true 2>&1 | grep -c "mount table"; $BWRAP ${whole} --chmod 0700 /a/b true`,
  `$BWRAP ${whole} --size 0x100000 --tmpfs /mnt df -B1 --output=size /mnt; $BWRAP ${whole} --size 04000000 --tmpfs /mnt df -B1 --output=size /mnt`,
  `$BWRAP ${whole} --perms 0700 --unshare-pid --tmpfs /mnt true; $BWRAP ${whole} --perms 0700 echo ran`,
  `$BWRAP ${whole} --ro-bind-try /nosuch /x --bind-try /nosuch /x --dev-bind-try /nosuch /x ls -d /x`,
  `$BWRAP ${small} sh -c 'stat -c "%a %F %N" /* / | sort'`,
  `$BWRAP ${small} --dir /a/b/c --perms 0700 --dir /d --perms 1777 --tmpfs /e --perms 0700 --tmpfs /f/g/h --perms 0750 --dir /i/j sh -c 'stat -c "%a %n %F" /* /a/* /a/b/c /f/g /f/g/h /i/j'`,
  `$BWRAP ${small} --dir /x --chmod 0711 /x stat -c %a /x`,
  `$BWRAP ${whole} --size 1048576 --tmpfs /mnt df -B1 --output=size /mnt`,
  `$BWRAP ${whole} --tmpfs /mnt --remount-ro /mnt touch /mnt/a`,
  `$BWRAP ${whole} --bind "$PWD" "$PWD" sh -c 'echo made >made; touch /etc/made'; cat made`,
  `mkdir given; $BWRAP ${small} --ro-bind given /given touch /given/a`,
  `mkdir real; ln -s real link; echo in it >real/file; $BWRAP ${small} --bind link /linked cat /linked/file`,
  `echo content >one; $BWRAP ${small} --file 9 /etc/one --perms 0640 --file 8 /two sh -c 'stat -c "%a %n" /etc/one /two; cat /etc/one /two' 9<one 8<one`,
  `echo content >one; $BWRAP ${small} --bind-data 9 /one --ro-bind-data 8 /two --perms 0644 --ro-bind-data 7 /three sh -c 'stat -c "%a %n" /one /two /three; cat /one /two /three; echo more >>/one; echo more >>/two; cat /one' 9<one 8<one 7<one`,
  `mkdir dir; echo in it >dir/file; $BWRAP ${small} --ro-bind-fd 9 /dir --bind-fd 8 /file sh -c 'cat /dir/file /file; touch /dir/a' 9<dir 8<dir/file`,
  `$BWRAP ${whole} --dev-bind /dev /dev sh -c 'echo x >/dev/null && echo devices'; $BWRAP ${small} --bind /dev /dev sh -c 'echo x >/dev/null'`,
  `$BWRAP ${whole} --unshare-all --proc /proc --dev /dev sh -c 'stat -c "%n %a %F %N %t:%T" /dev/* | sort; ls /dev/shm /dev/pts'`,
  `$BWRAP ${whole} --unshare-all --proc /proc --dev /dev ${mounts}`,
  `$BWRAP ${whole} --proc /proc --dev /dev ${mounts}`,
  `$BWRAP ${small} --proc /proc --tmpfs /tmp --mqueue /queues ${mounts}`,
  `$BWRAP ${whole} --tmpfs /mnt --bind /usr /mnt/usr --remount-ro /mnt ${mounts} | grep mnt`,
  `umask 027; $BWRAP ${small} --dir /a --bind "$PWD" /here sh -c 'stat -c %a /a; touch /here/made; umask'; stat -c %a made`,
];

const environments = [
  `cd /usr/lib && PWD=$PWD $BWRAP ${whole} sh -c 'pwd; echo $PWD'`,
  `$BWRAP ${whole} --chdir /usr sh -c 'pwd; echo $PWD'`,
  `cd /srv; $BWRAP ${small} --setenv HOME /usr/lib sh -c 'pwd; echo $PWD'; $BWRAP ${small} --setenv HOME /nosuch sh -c 'pwd; echo $PWD'`,
  `cd /bin && $BWRAP ${whole} sh -c 'pwd; echo $PWD'; $BWRAP --ro-bind /usr /usr --ro-bind /usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 sh -c 'pwd; echo $PWD'; PWD=/nosuch $BWRAP ${whole} sh -c 'echo $PWD'; PWD=usr $BWRAP ${whole} sh -c 'echo $PWD'`,
  `$BWRAP ${whole} --clearenv --setenv A b --setenv PWD x --setenv A c --setenv B "" --unsetenv C --chdir / env | sort`,
  `A=1 B=2 $BWRAP ${whole} --unsetenv A sh -c 'echo $A $B'`,
  `printf -- '--ro-bind\\0/\\0/\\0--setenv\\0A\\0b' | $BWRAP --args 0 sh -c 'echo $A'`,
  `printf -- '--ro-bind\\0/\\0/\\0' >one; printf -- '--args\\0009\\0--chdir\\0/usr\\0ignored\\0' | $BWRAP --args 0 pwd 9<one`,
  `$BWRAP ${whole} sh -c 'readlink /proc/self/fd/9; ulimit -Sn; grep -E "Sig(Blk|Ign)|NoNewPrivs" /proc/self/status' 9</etc/passwd`,
  `cat >fork.sh <<< '(sleep 0.3; echo orphan) & exit 5'; $BWRAP ${whole} --unshare-pid sh fork.sh`,
];

const namespaces = [
  `$BWRAP ${whole} --unshare-user --uid 1234 --gid 4321 ${identity}`,
  `$BWRAP ${whole} --unshare-user --uid 1234 --gid 4321 --dev /dev ${identity}`,
  `$BWRAP ${whole} --unshare-user --uid 0 --gid 0 ${identity}`,
  `$BWRAP ${whole} --unshare-uts --hostname abc uname -n`,
  `$BWRAP ${whole} --unshare-pid --proc /proc sh -c 'echo $$; echo /proc/[0-9]*'`,
  `$BWRAP ${whole} --unshare-pid --as-pid-1 --proc /proc sh -c 'echo $$'`,
  `$BWRAP ${whole} --unshare-net cat /proc/net/dev; $BWRAP ${whole} --unshare-net cat /proc/net/if_inet6`,
  ...["ipc", "uts", "cgroup", "user", "net", "mnt", "pid"].map(
    (kind) =>
      `for flags in --unshare-all "--unshare-all --share-net" "--unshare-user-try --unshare-cgroup-try" --unshare-ipc --unshare-uts --unshare-cgroup; do [ "$($BWRAP ${whole} $flags readlink /proc/self/ns/${kind})" = "$(readlink /proc/self/ns/${kind})" ] && echo shared || echo own; done`,
  ),
  `$BWRAP ${whole} --unshare-user --disable-userns --assert-userns-disabled sh -c 'unshare -U true || cat /proc/sys/user/max_user_namespaces' 2>&1 | sed 's/.*://'`,
  `$BWRAP ${whole} --assert-userns-disabled true`,
  `$BWRAP ${whole} ${capabilities}; $BWRAP ${whole} --unshare-user ${capabilities}; $BWRAP ${whole} --unshare-user --uid 0 --gid 0 ${capabilities}`,
  `$BWRAP ${whole} --cap-drop ALL ${capabilities}`,
  `$BWRAP ${whole} --cap-add CAP_NET_RAW ${capabilities}; $BWRAP ${whole} --cap-drop ALL --cap-add cap_net_raw ${capabilities}`,
  `$BWRAP ${whole} --cap-drop CAP_SYS_ADMIN --unshare-user ${capabilities}`,
  `$BWRAP ${whole} --cap-add ALL --unshare-user --uid 0 ${capabilities}; $BWRAP ${whole} --cap-add 13 --cap-drop CAP_NET_RAW ${capabilities}`,
];

const outside = [
  `${toldToEnd("--unshare-user --userns-block-fd 7 --info-fd 9", "echo >go")} id -u 9>told; wait`,
  `${toldToEnd("--block-fd 7 --info-fd 9", "echo >go")} echo on 9>told; wait`,
  `$BWRAP ${whole} --json-status-fd 9 sh -c 'echo forged >&9; exit 7' 9>told; ${anyNumber} told`,
  `$BWRAP ${whole} --sync-fd 8 --sync-fd 9 --info-fd 8 --info-fd 9 --chdir / --chdir /usr pwd 8>told 9>told; $BWRAP --uid $(id -u) --gid $(id -g) ${whole} --unshare-pid --proc /proc sh -c 'sleep 0.2; grep -E "Cap(Inh|Prm|Eff|Amb)" /proc/1/status'`,
  `$BWRAP ${whole} --unshare-user --cap-add CAP_NET_RAW --unshare-pid --proc /proc sh -c 'sleep 0.2; grep -E "Cap(Inh|Prm|Eff|Amb)" /proc/1/status'; $BWRAP ${whole} sh -c 'grep -E "Cap(Inh|Prm|Eff|Amb)" /proc/$PPID/status'`,
  `$BWRAP ${whole} --unshare-all --info-fd 9 true 9>told; ${anyNumber} told`,
  `$BWRAP ${whole} --info-fd 9 true 9>told; ${anyNumber} told`,
  `$BWRAP ${whole} --unshare-pid --json-status-fd 9 sh -c 'exit 7' 9>told; ${anyNumber} told`,
  `$BWRAP ${whole} --json-status-fd 9 nosuch 9>told; ${anyNumber} told`,
  `$BWRAP ${whole} --json-status-fd 9 --chdir /nosuch true 9>told; ${anyNumber} told`,
  `mkfifo go; { sleep 0.3; echo first; echo >go; } & $BWRAP ${whole} --block-fd 9 echo second 9<>go; wait`,
  `mkfifo sync; exec 8<>sync; $BWRAP ${whole} --sync-fd 9 sh -c 'readlink /proc/self/fd/9 || echo not the command' 9>sync 8>&-`,
  `touch lock; $BWRAP ${whole} --lock-file "$PWD/lock" flock -n -x lock true; $BWRAP ${whole} --lock-file "$PWD/lock" sh -c 'grep -c "$(stat -c %i lock) " /proc/locks'`,
  `$BWRAP ${whole} --new-session sh -c 'ps -o sid= -p $$ | tr -d " "; echo $$' | uniq | wc -l`,
  `$BWRAP ${whole} --seccomp 9 uname 9<filter; $BWRAP ${whole} --add-seccomp-fd 9 --add-seccomp-fd 8 uname 9<filter 8<filter; $BWRAP ${whole} --unshare-pid --seccomp 9 uname 9<filter`,
  `printf 1234 >short; $BWRAP ${whole} --seccomp 9 true 9<short; $BWRAP ${whole} --seccomp 9 --add-seccomp-fd 8 true 9<filter 8<filter`,
];

/** The scripts, in groups. */
export const bubblewrapCases: Readonly<Record<string, readonly string[]>> = {
  ends,
  refusals,
  files,
  environments,
  namespaces,
  outside,
};

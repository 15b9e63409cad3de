/** Where something is mounted. */

/** The mount points of /proc/PID/mountinfo; spaces and the like are octal there (proc_pid_mountinfo(5)). Pure. */
export function parseMountPoints(mountinfo: string): string[] {
  const decode = (text: string): string =>
    text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)));
  return mountinfo.split("\n").flatMap((line) => {
    const point = line.split(" ")[4];
    return point === undefined ? [] : [decode(point)];
  });
}

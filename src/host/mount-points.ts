/** Where something is mounted. */

/** A path of /proc/PID/mountinfo: spaces and the like are octal there (proc_pid_mountinfo(5)). Pure. */
export function decodeMountPath(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)));
}

/** The mount points of /proc/PID/mountinfo. Pure. */
export function parseMountPoints(mountinfo: string): string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const point = line.split(" ")[4];
    return point === undefined ? [] : [decodeMountPath(point)];
  });
}

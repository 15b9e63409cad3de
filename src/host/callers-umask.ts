/** The umask(2) that this process was started with: it is taken before `main.ts` changes its own. */
export const callersUmask: number = process.umask();

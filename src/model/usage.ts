/** What a job used: resources, time, and how much it wrote on its outputs. */

/** What the job's tree used, as far as it was measured. */
export interface Usage {
  readonly wallMs: number;
  /** Of the processes that were waited for (getrusage(2), RUSAGE_CHILDREN): all that a job ended before it did. */
  readonly userMs: number;
  readonly systemMs: number;
  /** Peak resident memory of the largest process, in bytes (getrusage(2)), not of the tree. */
  readonly maxRssBytes: number;
  /** Of the whole tree, as its control groups counted; absent where there were none, or a kernel does not count it. */
  readonly tree?:
    | {
        readonly cpuMs?: number | undefined;
        readonly peakMemoryBytes?: number | undefined;
        readonly peakPids?: number | undefined;
        /** Absent where no control group of the job's has the controller. */
        readonly io?: DiskTraffic | undefined;
      }
    | undefined;
  /** Of the processes that were waited for: ru_inblock and ru_oublock of getrusage(2), in blocks of 512 bytes. */
  readonly blocks: DiskTraffic;
}

/** What was read from disks and written to them; what the page cache answered is not in it. */
export interface DiskTraffic {
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Where the time went. There is no queue: a job starts when it is asked for. */
export interface Phases {
  readonly setupMs: number;
  readonly runMs: number;
  readonly teardownMs: number;
}

/** What one of the job's outputs carried; only where cupel relayed it, otherwise nobody counted. */
export interface OutputCount {
  readonly stream: "stdout" | "stderr" | "terminal";
  readonly bytes: number;
  /** Less was passed on, for a cap. */
  readonly isTruncated: boolean;
}

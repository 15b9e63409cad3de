/** What `cupel upgrade` did, or would do. */

/** What the doctor of a version said of this host. */
export interface DoctorAnswer {
  /** 0, 1 or 3: see `cupel doctor`. */
  readonly exitCode: number;
  readonly text: string;
}

/** What became of an upgrade. */
export interface UpgradeOutcome {
  readonly result: "up-to-date" | "would-replace" | "replaced";
  /** Version that was installed. */
  readonly from: string;
  /** Version of the release that was looked at. */
  readonly to: string;
  /** Whether that version was asked for by name; the latest release otherwise. */
  readonly isNamed: boolean;
  readonly executable: string;
  /** Server that the release lies on. */
  readonly address: string;
  /** Of the new version, where it was run. */
  readonly doctor?: DoctorAnswer | undefined;
}

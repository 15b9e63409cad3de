/** Who can change something, in words. */
import type { Owner } from "../model/report.ts";

/** As it reads behind "for" or "by". */
export const ownerWords: Readonly<Record<Owner, string>> = {
  you: "you",
  administrator: "the administrator",
  "image author": "whoever builds the image",
  "host operator": "whoever runs the host",
};

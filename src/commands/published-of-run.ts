/** What `run` says of the ports that it publishes. */
import { findEvent, type LaunchEvent } from "../launch/launch-event.ts";
import { renderIpAddress } from "../model/ip-address.ts";
import type { PublishedPort } from "../model/job.ts";
import type { Outcome } from "../model/outcome.ts";
import { describeUnpublished, renderEndpoint } from "../report/published-words.ts";
import { say } from "./terminal.ts";

/** Says which ports were found where any would do; undefined where each was stated. */
export function tellsPublished(publish: readonly PublishedPort[]): ((event: LaunchEvent) => void) | undefined {
  if (publish.every(({ port }) => port !== 0)) return undefined;
  return (told) => {
    const one = told.event === "published" ? publish[told.index] : undefined;
    if (told.event === "published" && one?.port === 0)
      say(`${renderEndpoint(one.address, told.port)} leads to port ${one.jobPort} of the job`);
  };
}

/** Why one of them could not be published, where that is why no job was started. */
export function unpublishedAmong(
  publish: readonly PublishedPort[],
  events: readonly LaunchEvent[],
): string | undefined {
  const failed = findEvent(events, "failed");
  const one = failed?.step === "publish" ? publish[Number(failed.subject)] : undefined;
  return failed === undefined || one === undefined ? undefined : describeUnpublished(one, failed.errno);
}

/** Which ports were published, as the launcher told. */
export function publishedAmong(
  publish: readonly PublishedPort[],
  events: readonly LaunchEvent[],
): Outcome["published"] {
  return events.flatMap((told) => {
    const one = told.event === "published" ? publish[told.index] : undefined;
    if (told.event !== "published" || one === undefined) return [];
    return [{ address: renderIpAddress(one.address), port: told.port, jobPort: one.jobPort }];
  });
}

/** Files that `apply` writes beside their places, and those of one that was killed. */
import { lstatSync, unlinkSync } from "node:fs";
import { errnoOf } from "../host/errno-of.ts";
import { namesIn } from "../host/names-in.ts";
import { isLeft, makerFrom } from "./gone-maker.ts";
import { makerWords, ownMakerWords } from "./maker.ts";

const pattern = new RegExp(String.raw`^\.cupel-apply-${makerWords}-\d+$`);

/** The name of this process's file of that number. */
export function unfinishedName(count: number): string {
  return `.cupel-apply-${ownMakerWords()}-${count}`;
}

/** Removes from a directory what processes left that are gone. What cannot be removed stays: it is in nobody's way. */
export function removeUnfinished(directory: string): void {
  for (const name of namesIn(directory)) {
    const made = pattern.exec(name);
    const path = `${directory}/${name}`;
    if (made === null || !isLeft(makerFrom(made), path)) continue;
    try {
      if (lstatSync(path).uid === process.geteuid?.()) unlinkSync(path);
    } catch (error) {
      errnoOf(error);
    }
  }
}

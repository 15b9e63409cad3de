/** Which id is meant by its beginning. Pure. */
import { CupelError } from "../model/error.ts";

/** How many are named where several are meant. */
const namedMax = 8;

/** The one of these ids that begins so; undefined where none does. @throws CupelError `usage` where several do. */
export function idBeginning(stated: string, ids: readonly string[], what: string): string | undefined {
  const [first, ...others] = [...new Set(ids)].filter((id) => stated !== "" && id.startsWith(stated)).toSorted();
  if (first === undefined || others.length === 0) return first;
  const names = [first, ...others];
  const shown = `${names.slice(0, namedMax).join(", ")}${names.length > namedMax ? ", …" : ""}`;
  throw new CupelError("usage", `${JSON.stringify(stated)} is the beginning of several ${what}: ${shown}`);
}

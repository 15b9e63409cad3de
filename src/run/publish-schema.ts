/** Ports that a file publishes. */
import * as v from "valibot";
import { CupelError } from "../model/error.ts";
import { parsePublishedPort } from "./network/published-port.ts";

const publishedPort = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parsePublishedPort(dataset.value, "publish");
    } catch (error) {
      if (!(error instanceof CupelError)) throw error;
      addIssue({ message: error.message });
    }
  }),
);

/** What a schema can say of one: numbers may still be too large. */
const pattern = "^(([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):)?\\d{1,5}:\\d{1,5}$";

/** Ports of the host's that lead to ports of the job's. */
export const publishSchema = v.pipe(
  v.array(publishedPort),
  v.description(
    "ports of the host's loopback that lead to ports of the job's: 8080:3000; 0:3000 takes one that is free",
  ),
  v.metadata({ jsonSchema: { type: "array", items: { type: "string", pattern } } }),
);

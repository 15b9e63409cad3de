/** The network of a file: a mode, or a list of destinations. */
import * as v from "valibot";
import { CupelError } from "../model/error.ts";
import { networkModes } from "../model/job.ts";
import { parseDestinationRule } from "./network/destination-rule.ts";
import { word } from "./word-schemas.ts";

const destination = v.pipe(
  v.string(),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    try {
      parseDestinationRule(dataset.value, "network.allow");
    } catch (error) {
      if (!(error instanceof CupelError)) throw error;
      addIssue({ message: error.message });
    }
  }),
);

/** What a schema can say of a destination: a name or an IPv4 prefix, or an IPv6 prefix in brackets, and a port. */
const destinationPattern = "^(\\[[0-9A-Fa-f:.]+\\](/\\d+)?|[*0-9A-Za-z.-]+(/\\d+)?)(:(\\*|\\d+))?$";

const networkShape = {
  type: "object",
  properties: {
    mode: { enum: networkModes, description: "a loopback alone, no socket at all, or the host's" },
    inject: {
      type: "array",
      items: {
        type: "object",
        properties: { host: { type: "string" }, header: { type: "string" }, value: { type: "string" } },
        required: ["host", "header", "value"],
        additionalProperties: false,
      },
      description:
        "headers that the proxy puts into requests to a host that is listed, with names of secrets in braces: Bearer {TOKEN}",
    },
    allow: {
      type: "array",
      minItems: 1,
      items: { type: "string", pattern: destinationPattern },
      description:
        "in the place of a mode, what the job may connect to, and nothing else: api.example.com:443, *.example.org, 10.0.0.0/8:5432",
    },
    transparent: {
      type: "boolean",
      description: "with a list: for programs that know of no proxy, take what they connect to wherever it leads",
    },
  },
  additionalProperties: false,
} as const;

const allowed = v.pipe(
  v.array(destination),
  v.minLength(1, "network.allow is empty; list what the job may connect to, or leave it out"),
);

/** What a set-up command may connect to. */
export const setupNetworkSchema = v.pipe(
  v.strictObject({ allow: allowed }),
  v.metadata({
    jsonSchema: { ...networkShape, properties: { allow: networkShape.properties.allow }, required: ["allow"] },
  }),
);

/** The network of a file. */
export const networkSchema = v.pipe(
  v.strictObject({
    mode: v.optional(v.picklist(networkModes)),
    inject: v.optional(v.array(v.strictObject({ host: word, header: word, value: word }))),
    allow: v.optional(allowed),
    transparent: v.optional(v.boolean()),
  }),
  v.metadata({ jsonSchema: networkShape }),
);

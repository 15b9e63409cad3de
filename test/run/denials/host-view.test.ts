import { expect, test } from "bun:test";
import { parseListeningPorts } from "../../../src/run/denials/host-view.ts";

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0
   1: 0100007F:1F91 0100007F:0016 01 00000000:00000000 00:00000000 00000000     0
   2: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
`;

test("ports that are listened at, of both tables", () => expect(parseListeningPorts(table)).toEqual([8080, 80]));

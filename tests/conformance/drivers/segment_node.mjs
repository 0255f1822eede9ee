// @segment/analytics-node. Its task comes on standard input: see clients.py.
import { readFileSync } from "node:fs";
import { Analytics } from "@segment/analytics-node";

const CALLS = JSON.parse(readFileSync(new URL("calls.json", import.meta.url)));
const LONGEST = { timeout: 60_000 }; // its default of 12.5 seconds would end a retry that is in flight

async function send(writeKey, { name, url, batch }) {
  const analytics = new Analytics({ writeKey, host: url });
  analytics.on("error", () => {}); // called for events that it gives up
  if (name === "arrives") {
    for (const { type, timestamp, ...said } of CALLS) analytics[type]({ ...said, timestamp: new Date(timestamp) });
  } else {
    analytics.track({ anonymousId: name, event: "Before" });
    await analytics.flush(LONGEST);
    for (let n = 1; n <= batch; n++) analytics.track({ anonymousId: name, event: `Step ${n}` });
    await analytics.flush(LONGEST);
    analytics.track({ anonymousId: name, event: "Afterwards" });
  }
  await analytics.closeAndFlush(LONGEST);
}

const task = JSON.parse(readFileSync(0));
await Promise.all(task.scenarios.map((scenario) => send(task.write_key, scenario)));

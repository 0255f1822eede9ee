// @rudderstack/rudder-sdk-node. Its task comes on standard input: see clients.py.
import { readFileSync } from "node:fs";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";

const CALLS = JSON.parse(readFileSync(new URL("calls.json", import.meta.url)));

async function send(writeKey, { name, url, batch }) {
  // without an errorHandler, a batch that it gives up is an unhandled rejection, which ends the process
  const analytics = new RudderAnalytics(writeKey, { dataPlaneUrl: url, errorHandler: () => {}, logLevel: "none" });
  if (name === "arrives") {
    for (const { type, timestamp, ...said } of CALLS) analytics[type]({ ...said, timestamp: new Date(timestamp) });
  } else {
    analytics.track({ anonymousId: name, event: "Before" });
    await analytics.flush();
    for (let n = 1; n <= batch; n++) analytics.track({ anonymousId: name, event: `Step ${n}` });
    await analytics.flush();
    analytics.track({ anonymousId: name, event: "Afterwards" });
  }
  await analytics.flush();
}

const task = JSON.parse(readFileSync(0));
await Promise.all(task.scenarios.map((scenario) => send(task.write_key, scenario)));

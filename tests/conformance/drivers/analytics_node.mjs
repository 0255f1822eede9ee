// analytics-node, the client before @segment/analytics-node. Its task comes on standard input: see clients.py.
import { readFileSync } from "node:fs";
import Analytics from "analytics-node";

const CALLS = JSON.parse(readFileSync(new URL("calls.json", import.meta.url)));

async function send(writeKey, { name, url, batch }) {
  const analytics = new Analytics(writeKey, { host: url, errorHandler: () => {} });
  if (name === "arrives") {
    for (const { type, timestamp, ...said } of CALLS) analytics[type]({ ...said, timestamp: new Date(timestamp) });
  } else {
    // it sends its first event at once and alone
    await new Promise((sent) => analytics.track({ anonymousId: name, event: "Before" }, sent));
    for (let n = 1; n <= batch; n++) analytics.track({ anonymousId: name, event: `Step ${n}` });
    await analytics.flush();
    analytics.track({ anonymousId: name, event: "Afterwards" });
  }
  await analytics.flush();
}

const task = JSON.parse(readFileSync(0));
await Promise.all(task.scenarios.map((scenario) => send(task.write_key, scenario)));

// navigator.sendBeacon in Chromium; the first argument is the content type. With text/plain it sends strings and Blobs
// alternately. Its task: see clients.py.
import { CALLS, leave, quiet, run } from "./pages.mjs";

const [kind] = process.argv.slice(2);

// In the page: one beacon for each event. A beacon has no headers, so the write key is in the query.
function send(page, { url, write_key }, events, leaving = false) {
  return page.evaluate(
    ({ url, write_key, events, kind, leaving }) => {
      const beacons = () => {
        for (const [position, said] of events.entries()) {
          const text = JSON.stringify({ messageId: crypto.randomUUID(), timestamp: new Date(), ...said });
          const asIs = kind === "text/plain" && position % 2 === 0;
          const body = asIs ? text : new Blob([text], { type: kind });
          navigator.sendBeacon(`${url}/v1/${said.type}?writeKey=${encodeURIComponent(write_key)}`, body);
        }
      };
      if (leaving) addEventListener("pagehide", beacons);
      else beacons();
    },
    { url, write_key, events, kind, leaving },
  );
}

function tracks(anonymousId, ...names) {
  return names.map((event) => ({ type: "track", anonymousId, event }));
}

function steps(name, batch) {
  return tracks(name, ...Array.from({ length: batch }, (_, n) => `Step ${n + 1}`));
}

await run(new URL(".", import.meta.url), async (page, scenario) => {
  const { name, batch, site } = scenario;
  if (name === "arrives") {
    await send(page, scenario, CALLS);
  } else if (name === "page unload") {
    await send(page, scenario, steps(name, batch), true);
    await leave(page, `${site}/elsewhere`);
  } else {
    await send(page, scenario, tracks(name, "Before"));
    await quiet(page, 2_000);
    await page.context().setOffline(name === "offline, then online");
    await send(page, scenario, steps(name, batch));
    await quiet(page, 2_000);
    await page.context().setOffline(false);
    await send(page, scenario, tracks(name, "Afterwards"));
  }
  await quiet(page, 2_000);
});

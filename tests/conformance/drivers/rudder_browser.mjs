// @rudderstack/analytics-js in Chromium. It reads its settings from the endpoint. Its task: see clients.py.
import { CALLS, leave, offline, quiet, run, steps } from "./pages.mjs";

const FILES = new URL("../node_modules/@rudderstack/analytics-js/dist/npm/modern/bundled/umd/", import.meta.url);
const TAKEOVER_MS = 20_000;

// In the page: load the client as its README says.
async function load(page, { name, url, write_key }) {
  await page.addScriptTag({ url: "/files/index.js" });
  await page.evaluate(
    ({ name, url, write_key }) =>
      new Promise((ready) => {
        window.analytics = new rudderanalytics.RudderAnalytics();
        analytics.load(write_key, url, { configUrl: url, logLevel: "NONE" });
        analytics.ready(ready);
        analytics.setAnonymousId(name);
      }),
    { name, url, write_key },
  );
}

function track(page, ...names) {
  return page.evaluate((names) => names.forEach((name) => analytics.track(name)), names);
}

function arrives(page) {
  return page.evaluate((calls) => {
    for (const said of calls) {
      const options = { originalTimestamp: said.timestamp };
      if (said.type === "identify") analytics.identify(said.userId, said.traits, options);
      if (said.type === "track") analytics.track(said.event, said.properties, options);
      if (said.type === "page") analytics.page(said.category, said.name, said.properties, options);
      if (said.type === "group") analytics.group(said.groupId, said.traits, options);
      if (said.type === "alias") analytics.alias(said.userId, said.previousId, options);
    }
  }, CALLS);
}

// Leaves the page while the request waits for its response. The next page takes over the queue after some seconds.
async function unload(page, { site, ...scenario }) {
  const underWay = page.waitForRequest((request) => request.method() === "POST");
  await track(page, ...steps(scenario.batch));
  await underWay;
  await leave(page, `${site}/elsewhere`);
  await quiet(page, 2_000);
  await leave(page, `${site}/`);
  await load(page, scenario);
  await quiet(page, TAKEOVER_MS);
}

await run(FILES, async (page, scenario) => {
  await load(page, scenario);
  if (scenario.name === "page unload") {
    await unload(page, scenario);
  } else if (scenario.name === "arrives") {
    await arrives(page);
  } else {
    await track(page, "Before");
    await quiet(page, 2_000);
    if (scenario.name === "offline, then online") await offline(page, () => track(page, ...steps(scenario.batch)));
    else await track(page, ...steps(scenario.batch));
    await quiet(page);
    await track(page, "Afterwards");
  }
  await quiet(page);
});

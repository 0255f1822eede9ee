// @segment/analytics-next in Chromium; the first argument is its delivery strategy, or "snippet": then the page loads
// it by @segment/snippet, as a script of its own site. Its task: see clients.py.
import snippet from "@segment/snippet";
import { CALLS, leave, offline, quiet, run, steps } from "./pages.mjs";

const FILES = new URL("../node_modules/@segment/analytics-next/dist/umd/", import.meta.url);
const [strategy] = process.argv.slice(2);

// In the page: load the client as its README says. Its settings come from the endpoint; for batching they are inline.
async function load(page, { name, url, write_key }, timeout = 300) {
  if (strategy === "snippet") return loadBySnippet(page, { name, url, write_key });
  await page.addScriptTag({ url: "/files/index.js" });
  await page.evaluate(
    async ({ name, host, write_key, strategy, timeout }) => {
      const deliveryStrategy = strategy === "batching" ? { strategy, config: { size: 10, timeout } } : undefined;
      const segment = { apiKey: write_key, apiHost: `${host}/v1`, protocol: "http", deliveryStrategy };
      const settings = deliveryStrategy
        ? { cdnSettings: { integrations: { "Segment.io": segment } } }
        : { cdnURL: `http://${host}` };
      const [analytics] = await AnalyticsNext.AnalyticsBrowser.load({ writeKey: write_key, ...settings });
      analytics.setAnonymousId(name);
      window.analytics = analytics;
    },
    { name, host: url.replace("http://", ""), write_key, strategy, timeout },
  );
}

// In the page: the snippet with the two changes of docs/sending.md. Its script comes from the page's own site.
async function loadBySnippet(page, { name, url, write_key }) {
  const { host } = new URL(page.url());
  const written = snippet.min({ apiKey: write_key, host, ajsPath: "/files/standalone.js", page: false, load: false });
  const content = written.replace('"https://', '"http://'); // on loopback there is no HTTPS
  await page.addScriptTag({ content });
  await page.evaluate(
    ({ name, url, write_key }) => {
      window.analytics._cdn = url;
      window.analytics.load(write_key);
      window.analytics.setAnonymousId(name);
    },
    { name, url, write_key },
  );
  await page.waitForFunction(() => window.analytics.initialized);
}

// The client's promise resolves when the event is sent, or when it is in the batch that waits.
function track(page, ...names) {
  return page.evaluate((names) => Promise.all(names.map((name) => window.analytics.track(name))), names);
}

function arrives(page) {
  return page.evaluate((calls) => {
    const analytics = window.analytics;
    for (const said of calls) {
      const options = { timestamp: new Date(said.timestamp) };
      if (said.type === "identify") analytics.identify(said.userId, said.traits, options);
      if (said.type === "track") analytics.track(said.event, said.properties, options);
      if (said.type === "page") analytics.page(said.category, said.name, said.properties, options);
      if (said.type === "screen") analytics.screen(said.category, said.name, said.properties, options);
      if (said.type === "group") analytics.group(said.groupId, said.traits, options);
      if (said.type === "alias") analytics.alias(said.userId, said.previousId, options);
    }
  }, CALLS);
}

async function unload(page, scenario) {
  if (strategy === "batching") {
    // leave the page while the batch waits for more events
    await load(page, scenario, 60_000);
    await track(page, ...steps(scenario.batch));
  } else {
    // leave the page while the request waits for its response
    await load(page, scenario);
    const underWay = page.waitForRequest((request) => request.method() === "POST");
    track(page, ...steps(scenario.batch)).catch(() => {}); // the page is gone by then
    await underWay;
  }
  await leave(page, `${scenario.site}/elsewhere`);
  await quiet(page, 2_000);
  await leave(page, `${scenario.site}/`);
  await load(page, scenario);
}

await run(FILES, async (page, scenario) => {
  if (scenario.name === "page unload") {
    await unload(page, scenario);
  } else {
    await load(page, scenario);
    if (scenario.name === "arrives") {
      await arrives(page);
    } else {
      await track(page, "Before");
      await quiet(page, 1_000);
      if (scenario.name === "offline, then online") await offline(page, () => track(page, ...steps(scenario.batch)));
      else await track(page, ...steps(scenario.batch));
      await quiet(page);
      await track(page, "Afterwards");
    }
  }
  await quiet(page);
});

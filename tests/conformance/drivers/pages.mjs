// Shared by the drivers of browser clients: pages served on loopback, and a browser without requests of its own.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { chromium } from "playwright-core";

export const CALLS = JSON.parse(readFileSync(new URL("calls.json", import.meta.url)));

const SILENT = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];
const QUIET_MS = 7_000; // longer than any client here waits before it sends again
const PATIENT_MS = 120_000; // on a busy machine a page may take long to load a script
const PAGES = {
  "/": '<!doctype html><meta charset="utf-8"><title>Product</title>',
  "/elsewhere": '<!doctype html><meta charset="utf-8"><title>Elsewhere</title>',
};

// Runs `scenario(page, { name, url, batch, write_key, site })` for every scenario of the task at once, each with a
// browser profile of its own. `files`: the folder served under /files/.
export async function run(files, scenario) {
  const task = JSON.parse(readFileSync(0));
  const server = createServer(async ({ url }, answer) => {
    const path = new URL(url, "http://loopback").pathname;
    try {
      const body = PAGES[path] ?? (await readFile(new URL(path.replace("/files/", ""), files)));
      answer.setHeader("Content-Type", path.startsWith("/files/") ? "text/javascript" : "text/html");
      answer.end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const site = `http://127.0.0.1:${server.address().port}`;
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: SILENT });
  try {
    await Promise.all(
      task.scenarios.map(async (one) => {
        const profile = await browser.newContext();
        const page = await profile.newPage();
        page.setDefaultTimeout(PATIENT_MS);
        watch(page);
        if (process.env.CONFORMANCE_LOG) page.on("console", (line) => console.error(one.name, line.text()));
        await page.goto(`${site}/`);
        await scenario(page, { ...one, write_key: task.write_key, site });
        await profile.close();
      }),
    );
  } finally {
    await browser.close();
    server.closeAllConnections();
    server.close();
  }
}

// Tracks which requests of the page are in flight, and when the last one began or ended.
function watch(page) {
  page.underWay = new Set();
  const note = (change) => (request) => {
    page.underWay[change](request);
    page.lastChange = Date.now();
  };
  page.on("request", note("add")).on("requestfinished", note("delete")).on("requestfailed", note("delete"));
}

// Waits until the page has sent nothing for a while: by then a client has given up events that it did not send again.
export async function quiet(page, ms = QUIET_MS) {
  page.lastChange = Date.now();
  while (page.underWay.size || Date.now() - page.lastChange < ms) await new Promise((later) => setTimeout(later, 100));
}

// The names of the events of one batch.
export function steps(batch) {
  return Array.from({ length: batch }, (_, n) => `Step ${n + 1}`);
}

// Sends while the browser has no network, which comes back a while later.
export async function offline(page, send) {
  await page.context().setOffline(true);
  await send();
  await quiet(page, 2_000);
  await page.context().setOffline(false);
}

// Goes to another page; the browser no longer reports how requests of the old page end.
export async function leave(page, url) {
  await page.goto(url);
  page.underWay.clear();
}

// Lighthouse's four scores of each page that is named, all in one Chromium: node measure.mjs URL …
// A line of JSON for each page: {"url", "scores", "runs", "failed", "misses"}. Every page is loaded as by a phone on a
// slow line with nothing cached, which is what Lighthouse does unless told otherwise.

import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const LEAST = Number(process.env.LEAST ?? 0.95);
const MOST_RUNS = 7; // of one page, those that failed included
const SLOW = 120_000;
// Pictures of the page are for reports that people look at; nothing is scored by them.
const options = { output: "json", logLevel: "error", disableFullPageScreenshot: true, maxWaitForLoad: 60_000 };
const config = {
  extends: "lighthouse:default",
  settings: { skipAudits: ["screenshot-thumbnails", "final-screenshot", "full-page-screenshot"] },
};
const flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"];

const start = () => launch({ chromePath: process.env.CHROME_PATH, chromeFlags: flags });

const within = (promise) => {
  let timer;
  const late = new Promise((_, refuse) => {
    timer = setTimeout(() => refuse(new Error("no answer in time")), SLOW);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
};

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** One run's categories, or the reason why it has none: a trace can fail on a machine that is busy. */
async function run(url, chrome) {
  try {
    const { lhr } = await within(lighthouse(url, { ...options, port: chrome.port }, config));
    if (lhr.runtimeError) return { failed: lhr.runtimeError.message };
    const unscored = Object.values(lhr.categories).filter(({ score }) => score === null);
    return unscored.length ? { failed: `no score for ${unscored.map(({ id }) => id)}` } : { lhr };
  } catch (error) {
    return { failed: error.message };
  }
}

/** The audits that cost a page points, in words. */
const misses = ({ audits, categories }) =>
  Object.values(categories)
    .filter(({ score }) => score < LEAST)
    .flatMap(({ id, auditRefs }) =>
      auditRefs
        .filter((ref) => ref.weight && audits[ref.id].score !== null && audits[ref.id].score < 0.9)
        .map((ref) => `${id}: ${audits[ref.id].title} ${audits[ref.id].displayValue ?? ""}`.trim()),
    );

/** One run where every score is high enough; else the median of three. */
async function measure(url, chrome) {
  const runs = [];
  const failed = [];
  for (let wanted = 1; runs.length < wanted && runs.length + failed.length < MOST_RUNS; ) {
    const { lhr, failed: reason } = await run(url, chrome.now);
    if (reason) {
      failed.push(reason);
      await chrome.now.kill();
      chrome.now = await start();
      continue;
    }
    runs.push(lhr);
    if (Object.values(lhr.categories).some(({ score }) => score < LEAST)) wanted = 3;
  }
  const names = runs.length ? Object.keys(runs[0].categories) : [];
  const scores = Object.fromEntries(
    names.map((name) => [name, median(runs.map(({ categories }) => categories[name].score))]),
  );
  return { url, scores, runs: runs.length, failed, misses: [...new Set(runs.flatMap(misses))] };
}

const chrome = { now: await start() };
for (const url of process.argv.slice(2)) console.log(JSON.stringify(await measure(url, chrome)));
await chrome.now.kill();

// What every way through the browser shares: Debian's Chromium, what went wrong on its pages, pictures of them.
//
// A way is a script of its own. The Rust test beside it (tests/suite/browser.rs) starts the service and says in VANTHU_WAY where it is.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export const given = JSON.parse(process.env.VANTHU_WAY);
const require = createRequire(join(process.env.VANTHU_TEST_NODE_PATH, "/"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

export const DESK = { width: 1280, height: 900 };
export const PHONE = { width: 390, height: 844 };
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--lang=vi"] });

// What no page may do, whatever it is asked: open a dialog of its own, fail in a script, break its own policy, answer 5xx.
export const faults = [];
export const dialogs = [];

/** A window of its own: cookies, downloads, faults. */
export async function window(options = {}) {
  const context = await browser.newContext({ viewport: DESK, locale: "vi-VN", baseURL: given.base, acceptDownloads: true, ...options });
  context.setDefaultTimeout(20_000);
  context.on("page", (page) => {
    page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) faults.push(`${page.url()}: ${message.text()}`);
    });
    page.on("response", (answer) => {
      if (answer.status() >= 500) faults.push(`${answer.request().method()} ${answer.url()}: ${answer.status()}`);
    });
    page.on("dialog", (dialog) => {
      dialogs.push(`${page.url()}: ${dialog.message()}`);
      dialog.accept();
    });
  });
  return context;
}

/** Signs in by the form. */
export async function signIn(page, name) {
  await page.goto("/dang-nhap");
  await page.fill("#name", name);
  await page.fill("#password", given.password);
  await page.click("main button.primary");
  await page.waitForURL(`${given.base}/`);
}

let pictures = 0;
mkdirSync(given.pictures, { recursive: true });

/** Keeps a picture of the whole page. */
export async function picture(page, name) {
  pictures += 1;
  await page.screenshot({ path: join(given.pictures, `${String(pictures).padStart(2, "0")}-${name}.png`), fullPage: true });
}

/** What axe finds against WCAG 2.2 AA, a line for each rule and place. */
export async function violations(page) {
  await page.evaluate(axe);
  const found = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: { type: "tag", values: tags }, resultTypes: ["violations"] }), WCAG);
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}: ${node.failureSummary.replace(/\s+/g, " ")}`),
  );
}

/** Runs a script of the tests' Python; its output. */
export function python(script, ...values) {
  return foreign(given.python, "-c", script, ...values);
}

/** Runs a foreign program; its output. */
export function foreign(program, ...values) {
  return execFileSync(program, values, { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "pipe"] });
}

/** A figure for people, kept beside the pictures. */
export function figure(line) {
  console.log(line);
  appendFileSync(join(given.pictures, "figures.txt"), `${line}\n`);
}

/** Drops a file on a box, as a hand does. */
export async function drop(page, box, name, type, bytes) {
  const carried = await page.evaluateHandle(
    ({ name, type, base64 }) => {
      const carried = new DataTransfer();
      carried.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name, { type }));
      return carried;
    },
    { name, type, base64: bytes.toString("base64") },
  );
  for (const event of ["dragenter", "dragover", "drop"]) await page.dispatchEvent(box, event, { dataTransfer: carried });
}

/** Walks a way; what no page may do is counted at its end. */
export async function way(walk) {
  try {
    await walk();
    assert.deepEqual(faults, []);
  } catch (error) {
    // What stands on the pages when it fails tells more than the failure.
    for (const [number, page] of browser.contexts().flatMap((context) => context.pages()).entries()) {
      await page.screenshot({ path: join(given.pictures, `failed-${number}.png`), fullPage: true }).catch(() => {});
      console.error(page.url());
    }
    throw error;
  } finally {
    await browser.close();
  }
}

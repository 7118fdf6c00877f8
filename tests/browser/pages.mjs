// Every page that an administrator or anybody can open, on a desk and on a phone: WCAG 2.2 AA by axe, nothing wider than a phone,
// and how soon it stands there.

import assert from "node:assert/strict";

import { DESK, PHONE, figure, given, picture, signIn, violations, way, window } from "./site.mjs";

const wrong = new Map();
const times = [];

/** What many pages share is told once, with the first of them. */
function found(line, place) {
  wrong.set(line, [...(wrong.get(line) ?? []), place]);
}

async function walk(viewport, name, english = false) {
  const open = async () => {
    const context = await window({ viewport });
    if (english) await context.addCookies([{ name: "vanthu-lang", value: "en", url: given.base }]);
    return context.newPage();
  };
  const known = await open();
  await signIn(known, "quantri");
  const anybody = await open();
  for (const { path, open: isOpen } of given.pages) {
    const page = isOpen ? anybody : known;
    const answer = await page.goto(path);
    const place = `${path} at ${viewport.width}`;
    assert.ok(answer.status() < 500, `${place}: ${answer.status()}`);
    for (const line of await violations(page)) found(line, place);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (wide > 0) found(`too wide: ${await page.evaluate(widest)}`, place);
    if (english) assert.equal(await page.getAttribute("html", "lang"), "en", place);
    if (viewport === DESK && !english) {
      times.push(
        await page.evaluate((path) => {
          const paint = performance.getEntriesByName("first-contentful-paint")[0];
          const answer = performance.getEntriesByType("navigation")[0];
          return { path, answered: answer.responseEnd - answer.requestStart, painted: paint?.startTime ?? NaN };
        }, path),
      );
    }
    await picture(page, `${name}${path.split("?")[0].replace(/[0-9A-Z]{16,}.*?(?=\/|$)/, "mot").replaceAll("/", "-")}`);
  }
}

/** What reaches furthest beyond the right edge and is not cut off by a box that scrolls. */
function widest() {
  const edge = document.documentElement.clientWidth;
  const scrolls = (part) => part && (["auto", "scroll", "hidden"].includes(getComputedStyle(part).overflowX) || scrolls(part.parentElement));
  const beyond = [...document.body.querySelectorAll("*")].filter((part) => part.getBoundingClientRect().right > edge + 1 && !scrolls(part.parentElement));
  return beyond.slice(0, 4).map((part) => part.outerHTML.slice(0, 90)).join(" | ");
}

await way(async () => {
  await Promise.all([walk(DESK, "ban"), walk(PHONE, "dien-thoai")]);
  await walk(DESK, "english", true);
  for (const { path, answered, painted } of times) {
    figure(`${answered.toFixed(0).padStart(6)} ms answered ${painted.toFixed(0).padStart(6)} ms first paint  ${path}`);
  }
  const middle = (values) => values.filter(Number.isFinite).sort((a, b) => a - b)[values.length >> 1];
  figure(`median of ${times.length} pages: ${middle(times.map((one) => one.answered)).toFixed(0)} ms answered, ${middle(times.map((one) => one.painted)).toFixed(0)} ms first paint`);
  assert.deepEqual([...wrong].map(([line, places]) => `${places.length} × ${places[0]}: ${line}`), []);
  // Generous: the tests share their machine.
  assert.ok(middle(times.map((one) => one.painted)) < 3000);
});

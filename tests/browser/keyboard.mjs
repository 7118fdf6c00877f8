// By keyboard alone: signing in, a template, its workbook, a file, handing it in; and every stop on the way is seen.

import assert from "node:assert/strict";

import { given, way, window } from "./site.mjs";

/** Where the keyboard stands, and how that shows. */
function stop() {
  const here = document.activeElement;
  const box = here.getBoundingClientRect();
  const style = getComputedStyle(here);
  const at = document.elementFromPoint(box.x + Math.min(box.width / 2, 40), box.y + box.height / 2);
  return {
    what: here.outerHTML.slice(0, 120),
    body: here === document.body,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inView: box.bottom > 0 && box.top < innerHeight && box.width > 0 && box.height > 0,
    uncovered: !at || here.contains(at) || at.contains(here),
  };
}

/** Presses Tab until what `reached` chooses has the focus; every stop must be visible. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 80; presses += 1) {
    await page.keyboard.press("Tab");
    const at = await page.evaluate(stop);
    if (!at.body) assert.ok(at.outlined && at.inView && at.uncovered, `${page.url()}: ${JSON.stringify(at)}`);
    if (await page.evaluate((selector) => document.activeElement.matches(selector), selector)) return presses + 1;
  }
  assert.fail(`${selector} is not reached on ${page.url()}`);
}

await way(async () => {
  const page = await (await window()).newPage();
  page.on("filechooser", () => {});
  await page.goto("/dang-nhap");
  // The first field has the focus already.
  await page.keyboard.type("lan");
  await tabTo(page, "#password");
  await page.keyboard.type(given.password);
  await page.keyboard.press("Enter");
  await page.waitForURL(`${given.base}/`);
  // The link over the navigation comes first.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await tabTo(page, "main a[href='/tao']");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/tao$/);
  await tabTo(page, ".gallery a[href='/tao/mau/giay-khen']");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/tao\/mau\/giay-khen$/);
  await tabTo(page, "a[href$='bang-mau.xlsx']");
  const [workbook] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Enter")]);
  assert.equal(workbook.suggestedFilename(), "giay-khen.xlsx");
  await tabTo(page, "input[type=file]");
  const [chooser] = await Promise.all([page.waitForEvent("filechooser"), page.keyboard.press("Enter")]);
  await chooser.setFiles({ name: "Danh sách.csv", mimeType: "text/csv", buffer: Buffer.from(given.list) });
  await tabTo(page, "main form button.primary");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/tao\/[0-9A-Z]{26}/);
  await tabTo(page, "td.bad input");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Cá nhân");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelectorAll("td.bad").length === 0);
  // The way on is there too.
  await tabTo(page, ".onward a");
});

// The words of a template: the preview follows the typing, and a field comes at a click.

import assert from "node:assert/strict";

import { picture, signIn, violations, way, window } from "./site.mjs";

await way(async () => {
  const page = await (await window()).newPage();
  await signIn(page, "quantri");
  await page.goto("/mau/giay-khen");
  const shown = () => page.evaluate(() => document.querySelector("#preview img")?.src ?? "");
  const renewed = (before) =>
    page.waitForFunction(
      (before) => {
        const now = document.querySelector("#preview img")?.src;
        return now && now !== before && !document.querySelector("#preview").hasAttribute("aria-busy");
      },
      before,
      { timeout: 60_000 },
    );
  await renewed("");
  const first = await shown();
  const box = page.locator("textarea[name='w.tang']");
  await box.fill("Tặng");
  await renewed(first);
  const typed = await shown();
  await box.press("End");
  await page.click("[data-insert='danh_xung']");
  assert.equal(await box.inputValue(), "Tặng{{danh_xung}}");
  await renewed(typed);
  await picture(page, "co-truong");
  // What does not fill says so in the place of the picture.
  await box.fill("{{ho_tne}}");
  await page.waitForSelector("#preview .problems");
  assert.match(await page.textContent("#preview .problems"), /ho_ten/);
  await page.click("summary:has-text('Hàm')");
  assert.deepEqual(await violations(page), []);
  await picture(page, "sai-truong");
});

// With JavaScript off: choose, hand in, see what is wrong, correct it, start, look again until it is done, take the files.

import assert from "node:assert/strict";

import { given, picture, signIn, way, window } from "./site.mjs";

await way(async () => {
  const page = await (await window({ javaScriptEnabled: false })).newPage();
  await signIn(page, "lan");
  await page.click("main a[href='/tao']");
  await page.click(".gallery a[href='/tao/mau/giay-khen']");
  // An empty form is refused with a sentence, by the browser or by the page; a list is taken.
  await page.setInputFiles("#tep", { name: "Danh sách.csv", mimeType: "text/csv", buffer: Buffer.from(given.list) });
  await page.click("main form button.primary");
  await page.waitForURL(/\/tao\/[0-9A-Z]{26}/);
  assert.equal(await page.locator("td.bad").count(), 1);
  assert.match(await page.textContent("td.bad .why"), /Cá nhân/);
  await picture(page, "loi-o");
  await page.fill("td.bad input", "Cá nhân");
  await page.click(".sheet tr.below button.primary");
  await page.waitForLoadState();
  assert.equal(await page.locator("td.bad").count(), 0);
  await page.click(".onward a");
  await page.fill("#c-so_quyet_dinh", "12/QĐ-HKH");
  await page.fill("#c-ngay", "27/12/2019");
  await page.fill("#c-phong_trao", "công tác khuyến học");
  await page.click(".onward button");
  await page.waitForURL(/\/xem/);
  await page.click("#xem a.primary");
  await page.waitForURL(/ve=1/);
  assert.equal(await page.locator(".sheets img").count(), 1);
  await page.click(".onward a.primary");
  await picture(page, "ke-hoach");
  await page.click("main form button.primary");
  await page.waitForURL(/\/lo\/[0-9A-Z]{26}/);
  await picture(page, "dang-tao");
  for (const until = Date.now() + 60_000; (await page.locator("[data-over]").count()) === 0; ) {
    assert.ok(Date.now() < until, "it is never over");
    await page.reload();
  }
  assert.match(await page.textContent(".count"), /3\s*\/\s*3/);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("text=Tệp nén ZIP")]);
  assert.ok((await file.path()).length > 0);
  await picture(page, "xong");
});

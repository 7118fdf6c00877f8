// A login that ends while a form is filled: the way back in, the page of the form, and what was typed.

import assert from "node:assert/strict";
import { join } from "node:path";

import { given, picture, python, signIn, violations, way, window } from "./site.mjs";

const SQL = "import sqlite3,sys; d=sqlite3.connect(sys.argv[1],timeout=30); d.execute('DELETE FROM login'); d.commit()";

await way(async () => {
  const page = await (await window()).newPage();
  await signIn(page, "quantri");
  await page.goto(`${given.draft}/tuy-chon`);
  await page.fill("#c-so_quyet_dinh", "99/QĐ-HKH");
  python(SQL, join(given.folder, "van-thu.db"));
  await page.click("text=Lưu và tiếp tục");
  await page.waitForSelector("#password");
  assert.match(await page.textContent(".problems"), /phiên làm việc đã hết/);
  await picture(page, "het-phien");
  assert.deepEqual(await violations(page), []);
  await page.fill("#name", "quantri");
  await page.fill("#password", given.password);
  await page.click("main button.primary");
  await page.waitForURL(`${given.base}${given.draft}/tuy-chon`);
  // Back to the form as it was left, with what was typed, and it is taken.
  for (let steps = 0; steps < 3 && (await page.evaluate(() => document.querySelector("#c-so_quyet_dinh")?.value)) !== "99/QĐ-HKH"; steps += 1) {
    await page.goBack();
  }
  assert.equal(await page.inputValue("#c-so_quyet_dinh"), "99/QĐ-HKH");
  await page.click("text=Lưu và tiếp tục");
  await page.waitForURL(/\/xem|\/tao\//);
  await page.goto(`${given.draft}/tuy-chon`);
  assert.equal(await page.inputValue("#c-so_quyet_dinh"), "99/QĐ-HKH");
});

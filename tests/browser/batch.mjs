// A batch with scripts on: started, paused, gone on with, given up, tried again. Its page follows by events and stands still at the
// end; its messages are followed, too.

import assert from "node:assert/strict";
import { join } from "node:path";

import { given, picture, python, signIn, violations, way, window } from "./site.mjs";

const SQL = "import sqlite3,sys; d=sqlite3.connect(sys.argv[1],timeout=30); d.execute(sys.argv[2]); d.commit()";
const database = join(given.folder, "van-thu.db");

/** Notes what the page's script is told by events. */
function listen() {
  const Real = globalThis.EventSource;
  globalThis.told = [];
  globalThis.opened = 0;
  globalThis.EventSource = class extends Real {
    constructor(address) {
      super(address);
      globalThis.opened += 1;
      this.addEventListener("message", (event) => globalThis.told.push(JSON.parse(event.data)));
    }
  };
}

async function begin(page, path) {
  await page.goto(`${path}/bat-dau`);
  await page.click("main form button.primary");
  await page.waitForURL(/\/lo\/[0-9A-Z]{26}/);
  return new URL(page.url()).pathname;
}

await way(async () => {
  const context = await window();
  await context.addInitScript(listen);
  const polled = [];
  context.on("request", (request) => {
    if (request.url().endsWith("/tien-do")) polled.push(request.url());
  });
  const page = await context.newPage();
  await signIn(page, "quantri");

  // Paused, gone on with, given up: every press on the page that the script follows.
  await begin(page, given.long);
  await page.waitForFunction(() => globalThis.told.length > 1);
  assert.ok((await page.evaluate(() => globalThis.told.at(-1).count.total)) === 600);
  await page.click("text=Tạm dừng");
  await page.waitForSelector("[data-state=paused]");
  await page.click("text=Chạy tiếp");
  await page.waitForSelector("[data-state=running]");
  await page.click("text=Hủy lô");
  await page.waitForSelector("[data-state=cancelled]");
  await page.waitForSelector("[data-over]");
  await picture(page, "da-huy");
  // It stands still: whatever it is asked for anew, its script opens nothing that would ask again.
  await page.reload();
  assert.equal(await page.evaluate(() => globalThis.opened), 0);
  assert.deepEqual(await violations(page), []);

  // To its end by events alone.
  const path = await begin(page, given.short);
  await page.waitForSelector("[data-over]");
  assert.deepEqual(polled, [], "it is told, and does not ask");

  // What failed is tried again, and the page follows again.
  python(SQL, database, `UPDATE record SET state = 'failed' WHERE number = 2 AND batch_id = '${path.split("/").pop()}'`);
  await page.goto(`${path}?loi=1`);
  await picture(page, "co-loi");
  await page.click("text=Làm lại các mục lỗi");
  await page.waitForSelector("[data-over]");
  assert.match(await page.textContent(".count"), /3\s*\/\s*3/);
  assert.equal(await page.locator(".count .badge.bad").count(), 0);

  // Held messages: read on a page of their own, let go, and followed to the end without a press.
  await page.click("text=Xem thư của từng người nhận");
  assert.match(await page.textContent(".letter"), /Kính gửi/);
  await picture(page, "thu");
  assert.deepEqual(await violations(page), []);
  await page.goto(path);
  await page.click("text=Gửi thư cho mọi người");
  await page.waitForURL(/\/thu\?lo=/);
  await page.waitForFunction(() => document.querySelector("[data-mail]").dataset.mail === "sent 2");
  assert.equal(await page.locator(".list .badge.good").count(), 2);
  assert.deepEqual(polled, []);
  await picture(page, "thu-di");
});

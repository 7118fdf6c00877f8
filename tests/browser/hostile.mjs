// Texts that would run where escaping is forgotten, in people, lists, file names, addresses: shown as text on every page, and
// nothing so much as tries.

import assert from "node:assert/strict";

import { dialogs, figure, given, picture, signIn, way, window } from "./site.mjs";

const CORPUS = [
  "<img src=x onerror=alert(1)>",
  "\"><script>alert(1)</script>",
  "' autofocus onfocus='alert(1)",
  "</textarea><svg onload=alert(1)>",
  "</title><script>alert(1)</script>",
  "javascript:alert(1)",
  "<a href=javascript:alert(1)>bấm</a>",
  "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
  "{{frame.csrf}} ${alert(1)}",
];
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

await way(async () => {
  const context = await window();
  const attempts = [];
  await context.exposeFunction("attempted", (what) => attempts.push(what));
  await context.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => globalThis.attempted(`${location.pathname}: ${event.violatedDirective} ${event.blockedURI}`));
  });
  const page = await context.newPage();
  await signIn(page, "quantri");

  // What stands on a page as text, in fields and in what a screen reader says.
  const shown = () =>
    page.evaluate(() =>
      [document.body.innerText, ...[...document.querySelectorAll("input, textarea")].map((field) => field.value), ...[...document.querySelectorAll("[aria-label]")].map((part) => part.ariaLabel)]
        .join("\n")
        .replace(/\s+/g, " "),
    );
  let seen = 0;
  const visit = async (path, ...texts) => {
    if (path) await page.goto(path);
    const text = await shown();
    for (const own of texts) {
      assert.ok(text.includes(own.replace(/\s+/g, " ")), `${page.url()} does not show ${own} as text`);
      seen += 1;
    }
    const strange = await page.evaluate(() => document.querySelectorAll("img[src='x'], [onerror], [onload], [onfocus], script:not([src]), iframe[srcdoc], a[href^='javascript:']").length);
    assert.equal(strange, 0, `${page.url()} has markup that was data`);
  };

  for (const [number, text] of CORPUS.entries()) {
    await page.goto("/nguoi-dung/moi");
    await page.fill("#name", `nguoi${number}`);
    await page.fill("#full_name", text);
    await page.check("input[name=role][value=clerk]");
    await page.click("main button.primary");
    await visit("", text);
  }
  await visit("/nguoi-dung", ...CORPUS);
  await page.click(`main .list tbody a >> nth=1`);
  await visit("");

  // Lists: names, units, file names; a wrong cell comes back in its field.
  const list = ["Đối tượng,Danh xưng,Họ và tên,Đơn vị,Số vào sổ", ...CORPUS.map((text, n) => [n === 1 ? quoted(text) : "Cá nhân", "Ông", quoted(text), quoted(text), n + 1].join(","))].join("\n");
  await page.goto("/tao/mau/giay-khen");
  await page.setInputFiles("#tep", { name: "<img src=x onerror=alert(1)>.csv", mimeType: "text/csv", buffer: Buffer.from(list) });
  await page.click("main form button.primary");
  await page.waitForURL(/\/tao\/[0-9A-Z]{26}/);
  const draft = new URL(page.url()).pathname;
  await visit("", "<img src=x onerror=alert(1)>.csv", ...CORPUS);
  await picture(page, "ban-soan");
  await page.fill("td.bad input >> nth=0", "Cá nhân");
  await page.click(".sheet tr.below button.primary >> nth=0");
  await page.waitForLoadState();
  await page.goto(`${draft}/tuy-chon`);
  await page.fill("#c-so_quyet_dinh", CORPUS[1]);
  await page.fill("#c-ngay", CORPUS[0]);
  await page.fill("#c-phong_trao", CORPUS[4]);
  await page.click(".onward button");
  await page.waitForLoadState();
  await visit("", CORPUS[1], CORPUS[0], CORPUS[4]);
  await page.fill("#c-so_quyet_dinh", "12/QĐ-HKH");
  await page.fill("#c-ngay", "27/12/2019");
  await page.click(".onward button");
  await page.waitForLoadState();
  for (let number = 1; number <= CORPUS.length; number += 1) await visit(`${draft}/xem?ban-ghi=${number}&ve=1`);
  await visit(`${draft}/xem?ban-ghi=1&ve=1`, CORPUS[0]);
  await page.goto(`${draft}/bat-dau`);
  await page.click("main form button.primary");
  await page.waitForURL(/\/lo\/[0-9A-Z]{26}/);
  await page.waitForSelector("[data-over]", { timeout: 60_000 });
  const batch = new URL(page.url()).pathname;
  await visit(batch, ...CORPUS);
  await picture(page, "lo");

  for (const path of given.pages) await visit(path);
  for (const text of CORPUS) {
    const value = encodeURIComponent(text);
    for (const path of ["/dang-nhap?tiep=", "/nhat-ky?ai=", "/nguoi-dung?xong=", "/van-ban?tim=", "/thu?lo=", "/v?ma=", "/v/", "/khong-co/", "/tao/mau/"]) await visit(`${path}${value}`);
  }
  assert.deepEqual(dialogs, []);
  assert.deepEqual(attempts, []);
  figure(`${seen} texts shown as text, no dialog, no broken policy`);
});

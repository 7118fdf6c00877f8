// The whole way of a clerk: from the one-time link to certificates that a phone confirms.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { PHONE, dialogs, drop, figure, foreign, given, picture as keep, python, signIn, violations, way, window } from "./site.mjs";

const WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const PEOPLE = 109;
const LONGEST = "Công Tằng Tôn Nữ Hoàng Thị Phương Khánh Nguyệt Quỳnh Như";

// Fills the downloaded workbook: 109 people, each with an address, two cells wrong.
const FILL = `
import sys, openpyxl
path, count, longest = sys.argv[1], int(sys.argv[2]), sys.argv[3]
book = openpyxl.load_workbook(path)
sheet = book["Danh sách"]
heads = {str(cell.value).rstrip(" *"): cell.column for cell in sheet[1]}
family = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ"]
given = ["An", "Ánh", "Bình", "Châu", "Dũng", "Đạt", "Hà", "Hạnh", "Khánh", "Yến"]
for row in range(2, sheet.max_row + 1):
    for column in range(1, sheet.max_column + 1): sheet.cell(row, column).value = None
for n in range(count):
    name = "" if n == 42 else longest if n == 70 else f"{family[n // 10]} Thị {given[n % 10]}"
    kind = "Cá nhânn" if n == 16 else "Cá nhân"
    values = {"Đối tượng": kind, "Danh xưng": "Bà", "Họ và tên": name, "Đơn vị": f"Chi hội Khu phố {n % 7 + 1}", "Số vào sổ": f"{n + 1:03d}", "Thư điện tử": f"nguoi{n + 1}@vi-du.vn"}
    for head, value in values.items():
        sheet.cell(n + 2, heads[head], value or None)
common = {"Số quyết định": "12/QĐ-HKH", "Ngày quyết định": "27/12/2019", "Phong trào": "công tác khuyến học"}
for row in book["Chung"].iter_rows(min_row=2):
    title = str(row[0].value).rstrip(" *")
    if title in common: row[1].value = common[title]
book.save(path)
`;

// Each message holds one PDF, and that tells the name of its recipient. Prints the number of messages.
const LETTERS = `
import sys, os, email, email.policy, subprocess, concurrent.futures
folder, count, longest = sys.argv[1], int(sys.argv[2]), sys.argv[3]
family = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ"]
given = ["An", "Ánh", "Bình", "Châu", "Dũng", "Đạt", "Hà", "Hạnh", "Khánh", "Yến"]
def look(name):
    message = email.message_from_bytes(open(os.path.join(folder, name), "rb").read(), policy=email.policy.default)
    if "[Thử]" in message["subject"]: return 0
    to = message["to"].addresses[0].addr_spec
    n = int(to.split("@")[0].removeprefix("nguoi")) - 1
    person = longest if n == 70 else f"{family[n // 10]} Thị {given[n % 10]}"
    attached = [part for part in message.walk() if part.get_content_type() == "application/pdf"]
    assert len(attached) == 1, (name, len(attached))
    text = subprocess.run(["pdftotext", "-", "-"], input=attached[0].get_content(), capture_output=True, check=True).stdout.decode()
    # Swashes stand apart in the text of a page.
    assert "".join(person.split()) in "".join(text.split()), (to, person, text)
    if n == 0: open(sys.argv[4], "wb").write(attached[0].get_content())
    return 1
with concurrent.futures.ThreadPoolExecutor(2) as pool:
    print(sum(pool.map(look, sorted(name for name in os.listdir(folder) if name.endswith(".eml")))))
`;

/** A picture of a page on the way, which must meet WCAG like those that stand still. */
async function picture(page, name) {
  await keep(page, name);
  assert.deepEqual(await violations(page), [], name);
}

await way(async () => {
  // The first administrator, by the link that the first start printed.
  const quantri = await (await window()).newPage();
  await quantri.goto(given.setup);
  await picture(quantri, "thiet-lap");
  await quantri.fill("#full_name", "Trần Thị Quản");
  await quantri.fill("#name", "quantri");
  await quantri.fill("#password", given.password);
  await quantri.fill("#again", given.password);
  await quantri.click("main button.primary");
  await quantri.waitForURL(`${given.base}/*`);
  await quantri.goto("/nguoi-dung");
  await quantri.click("text=Thêm người dùng");
  await quantri.fill("#name", "lan");
  await quantri.fill("#full_name", "Lê Thị Lan");
  await quantri.check("input[name=role][value=clerk]");
  await quantri.selectOption("#organisation", "hoi");
  await quantri.click("main button.primary");
  const link = await quantri.textContent(".link code");
  await picture(quantri, "lien-ket");
  await quantri.context().close();

  // The clerk chooses a password and is signed in by that.
  let context = await window();
  let lan = await context.newPage();
  await lan.goto(new URL(link).pathname + new URL(link).search);
  await lan.fill("#password", given.password);
  await lan.fill("#again", given.password);
  await lan.click("main button.primary");
  await lan.waitForURL(`${given.base}/*`);
  await picture(lan, "tong-quan");

  // A template by its picture; its workbook.
  await lan.click("main a.button.primary[href='/tao']");
  await lan.waitForFunction(() => [...document.querySelectorAll(".gallery img")].some((image) => image.complete && image.naturalWidth > 0));
  await picture(lan, "chon-mau");
  await lan.click(".gallery a[href='/tao/mau/giay-khen'] img");
  const [workbook] = await Promise.all([lan.waitForEvent("download"), lan.click("text=Tải bảng mẫu Excel")]);
  assert.equal(workbook.suggestedFilename(), "giay-khen.xlsx");
  const path = join(given.folder, "Khen thưởng 2019.xlsx");
  await workbook.saveAs(path);
  python(FILL, path, String(PEOPLE), LONGEST);
  await drop(lan, "[data-drop]", "Khen thưởng 2019.xlsx", WORKBOOK, readFileSync(path));
  await picture(lan, "tha-tep");
  await lan.click("text=Nộp và kiểm tra");
  await lan.waitForURL(/\/tao\/[0-9A-Z]{26}/);

  // Both errors at their cells, corrected in place.
  assert.match(await lan.textContent(".verdict .notice.bad"), /2 chỗ cần sửa/);
  assert.equal(await lan.locator("td.bad").count(), 2);
  assert.match(await lan.locator("#d18 td.bad").textContent(), /Cá nhân/);
  // The first wrong cell is in sight; the list above leads to the second, into its field; no short text is broken into lines.
  const inSight = (selector) =>
    lan.locator(selector).evaluate((cell) => {
      const [box, own] = [cell.closest(".sheet").getBoundingClientRect(), cell.getBoundingClientRect()];
      return own.top >= box.top && own.bottom <= box.bottom && own.left >= box.left && own.right <= box.right;
    });
  assert.ok(await inSight("#d18 td.bad"));
  await picture(lan, "hai-loi");
  await lan.locator("nav.problems a").nth(1).click();
  assert.ok(await inSight("#d44 td.bad input"));
  assert.equal(await lan.evaluate(() => document.activeElement.closest("tr").id), "d44");
  await picture(lan, "loi-thu-hai");
  assert.ok(await lan.locator("#d3 td", { hasText: "Chi hội Khu phố" }).evaluate((cell) => cell.scrollHeight < 50));
  assert.equal(await lan.evaluate(() => document.documentElement.scrollWidth), 1280);
  await lan.setViewportSize(PHONE);
  await picture(lan, "hai-loi-dien-thoai");
  await lan.goto(new URL(lan.url()).pathname);
  assert.ok(await inSight("#d18 td.bad input"));
  assert.equal(await lan.evaluate(() => document.documentElement.scrollWidth), PHONE.width);
  await picture(lan, "loi-dau-dien-thoai");
  await lan.setViewportSize({ width: 1280, height: 900 });
  await lan.locator("#d18 td.bad input").fill("Cá nhân");
  await lan.locator("#d18 + tr button.primary").click();
  await lan.waitForFunction(() => document.querySelectorAll("td.bad").length === 1);
  await lan.locator("#d44 td.bad input").fill("Huỳnh Thị Bình");
  await lan.locator("#d44 + tr button.primary").click();
  await lan.waitForSelector("text=Danh sách hợp lệ: 109 văn bản.");
  await picture(lan, "hop-le");

  // Closed and come back to: the draft is where it was, with its corrections.
  const draft = new URL(lan.url()).pathname;
  const state = await context.storageState();
  await context.close();
  context = await window({ storageState: state });
  lan = await context.newPage();
  await lan.goto("/tao");
  await lan.click(`.tasks a[href='${draft}']`);
  await lan.waitForSelector("text=Danh sách hợp lệ: 109 văn bản.");
  await lan.reload();
  assert.match(await lan.textContent("#d44"), /Huỳnh Thị Bình/);

  // Options; the first and the longest as they will print.
  await lan.click("text=Tiếp: Tùy chọn");
  await lan.check("input[name=thu]");
  await lan.check("input[name=thu-giu]");
  await picture(lan, "tuy-chon");
  await lan.click("text=Lưu và tiếp tục");
  await lan.waitForURL(/\/xem/);
  await lan.waitForSelector("aside h2");
  assert.match(await lan.textContent("aside h2"), /1\. Nguyễn Thị An/);
  assert.match(await lan.textContent(".letter"), /Nguyễn Thị An/);
  await picture(lan, "xem-dau");
  await lan.click("text=Văn bản dài nhất");
  await lan.waitForSelector(`aside h2:has-text("${LONGEST}")`);
  await lan.waitForFunction(() => document.querySelector(".sheets img").naturalWidth > 500);
  await picture(lan, "xem-dai-nhat");
  await lan.click("text=Tiếp: Bắt đầu");
  assert.match(await lan.textContent(".plan"), /109 thư.*vi-du\.vn \(109\).*giữ lại/s);
  await lan.waitForSelector("text=trang in");
  await picture(lan, "ke-hoach");

  // The start; the browser is closed while it is made, and finds it where it is.
  const begun = Date.now();
  await lan.click("text=Bắt đầu tạo 109 văn bản");
  await lan.waitForURL(/\/lo\/[0-9A-Z]{26}/);
  const batch = new URL(lan.url()).pathname;
  await picture(lan, "dang-tao");
  await lan.close();
  lan = await context.newPage();
  await lan.goto("/lo");
  await lan.click(`a[href='${batch}']`);
  await lan.waitForSelector("[data-batch][data-over]", { timeout: 90_000 });
  figure(`109 certificates, from the press of the button to the files: ${((Date.now() - begun) / 1000).toFixed(1)} s`);
  assert.match(await lan.textContent(".count"), /109\s*\/\s*109/);
  await lan.reload();
  assert.equal(await lan.locator("progress").evaluate((bar) => bar.value), PEOPLE);
  await picture(lan, "xong");

  const save = async (press) => {
    const [file] = await Promise.all([lan.waitForEvent("download"), lan.click(press)]);
    const path = join(given.folder, file.suggestedFilename());
    await file.saveAs(path);
    return path;
  };
  const zip = await save("text=Tệp nén ZIP");
  const names = python("import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(sum(n.endswith('.pdf') for n in z.namelist()))", zip);
  assert.equal(names.trim(), String(PEOPLE));
  const merged = await save("text=Một PDF để in");
  assert.match(foreign("pdfinfo", merged), new RegExp(`^Pages:\\s+${PEOPLE}$`, "m"));

  // A test to oneself, then all.
  await lan.fill("#dia_chi", "lan@don-vi.vn");
  await lan.click("button:has-text('Gửi thử')");
  await lan.waitForLoadState();
  await lan.goto(batch);
  await lan.click("text=Gửi thư cho mọi người");
  await lan.waitForURL(/\/thu\?lo=/);
  assert.equal(dialogs.length, 1, "it asks once before all is sent");
  const outgoing = join(given.folder, "thu-di");
  const letters = () => {
    try {
      return readdirSync(outgoing).filter((name) => name.endsWith(".eml") && statSync(join(outgoing, name)).size > 0).length;
    } catch {
      return 0;
    }
  };
  for (const until = Date.now() + 60_000; letters() < PEOPLE + 1; ) {
    assert.ok(Date.now() < until, `${letters()} messages`);
    await new Promise((done) => setTimeout(done, 200));
  }
  const certificate = join(given.folder, "mot.pdf");
  assert.equal(python(LETTERS, outgoing, String(PEOPLE), LONGEST, certificate).trim(), String(PEOPLE));
  await lan.reload();
  await picture(lan, "thu-da-gui");
  await lan.locator(".list tbody a").first().click();
  await picture(lan, "mot-thu");

  // A phone reads the code of the certificate that came by mail.
  foreign("pdftoppm", "-r", "300", "-png", "-singlefile", certificate, join(given.folder, "mot"));
  const scanned = new URL(foreign("zbarimg", "-q", "--raw", join(given.folder, "mot.png")).trim());
  const phone = await (await window({ viewport: PHONE, isMobile: true, hasTouch: true, deviceScaleFactor: 2 })).newPage();
  const asked = [];
  phone.on("request", (request) => asked.push(new URL(request.url()).pathname));
  await phone.goto(scanned.pathname + scanned.hash);
  await phone.waitForSelector("main[data-signature=good]");
  assert.equal((await phone.textContent("[data-heading]")).trim(), "Giấy hợp lệ");
  assert.equal((await phone.textContent(".holder dd")).trim(), "Nguyễn Thị An");
  assert.ok(!asked.includes("/v/khoa"), "the keys come with the page");
  asked.length = 0;
  await drop(phone, ".drop", "giấy khen.pdf", "application/pdf", readFileSync(certificate));
  await phone.waitForSelector("[data-file-result].good");
  assert.deepEqual(asked, [], "a dropped file leaves the device by no request");
  await picture(phone, "dien-thoai-hop-le");
  const changed = Buffer.concat([readFileSync(certificate), Buffer.from("\n")]);
  await drop(phone, ".drop", "sửa.pdf", "application/pdf", changed);
  await phone.waitForSelector("[data-file-result].bad");
});

// What the page of a certificate checks by itself: the signature of the scanned QR code, and a file that is dropped on it. Neither
// leaves the browser. The bytes are those of src/proof/statement.rs.

const english = document.documentElement.lang === "en";
const say = (vi, en) => (english ? en : vi);
const main = document.querySelector("main");
const outcome = main.dataset.outcome;

const LETTERS =
  "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ" +
  "ÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬĐÈÉẺẼẸÊỀẾỂỄỆÌÍỈĨỊÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢÙÚỦŨỤƯỪỨỬỮỰỲÝỶỸỴ";
const SIGNS = "…–“”‘’";
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const PURPOSE = "vanthu certificate 1\0";
const HEAD = 8;

const bytesOf = (base64url) => Uint8Array.from(atob(base64url.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");

function texts(bytes) {
  const found = [""];
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === 0) found.push("");
    else if (byte === 0x1b) {
      found[found.length - 1] += String.fromCodePoint((bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]);
      at += 3;
    } else if (byte >= 0x80) found[found.length - 1] += LETTERS[byte - 0x80];
    else if (byte <= 0x06) found[found.length - 1] += LETTERS[127 + byte];
    else if (byte <= 0x0c) found[found.length - 1] += SIGNS[byte - 0x07];
    else found[found.length - 1] += String.fromCharCode(byte);
  }
  return found;
}

// The code as its 80 bits; the last part of the address.
function codeBytes() {
  const typed = decodeURIComponent(location.pathname.split("/").pop() ?? "").toUpperCase().replace(/[\s-]/g, "");
  let bits = 0n;
  for (const c of typed) {
    const value = ALPHABET.indexOf(c === "O" ? "0" : c === "I" || c === "L" ? "1" : c);
    if (value < 0) return null;
    bits = (bits << 5n) | BigInt(value);
  }
  return typed.length === 16 ? Uint8Array.from({ length: 10 }, (_, at) => Number((bits >> BigInt(72 - 8 * at)) & 255n)) : null;
}

// The issuer's keys came with the page: whoever scans a code needs nothing more of the network.
function publishedKey(id) {
  for (const line of main.dataset.keys.split("\n")) {
    const [kind, own, key] = line.split(" ");
    if (kind === "ed25519" && own === id) return bytesOf(key);
  }
  return null;
}

// "good", "wrong", "unknown" (no published key) or "unable" (the browser cannot).
async function signature(payload, given) {
  const code = codeBytes();
  if (!code) return "wrong";
  if (!globalThis.crypto?.subtle) return "unable";
  const raw = publishedKey(hex(payload.slice(1, 5)));
  if (!raw) return "unknown";
  let key;
  try {
    key = await crypto.subtle.importKey("raw", raw, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    return "unable";
  }
  const message = new Uint8Array([...new TextEncoder().encode(PURPOSE), ...code, ...payload]);
  return (await crypto.subtle.verify({ name: "Ed25519" }, key, given, message)) ? "good" : "wrong";
}

function tell(place, tone, text) {
  place.className = `notice ${tone}`;
  place.textContent = text;
  place.hidden = false;
}

// A forged QR code outweighs whatever the register says of the code that it borrowed.
function condemn(sentence) {
  const verdict = document.querySelector("[data-verdict]");
  verdict.className = "verdict bad";
  verdict.querySelector("path").setAttribute("d", "M16 16l16 16M32 16L16 32");
  verdict.querySelector("[data-heading]").textContent = say("Mã QR không đáng tin", "Do not trust this QR code");
  verdict.querySelector("[data-sentence]").textContent = sentence;
}

async function checkFragment() {
  const place = document.querySelector("[data-signature]");
  const fragment = location.hash.slice(1);
  if (!place || !fragment.includes(".")) return;
  let state;
  let holder = "";
  try {
    const [payload, given] = fragment.split(".").map(bytesOf);
    if (payload.length < HEAD || payload[0] !== 1 || given.length !== 64) throw new Error("form");
    holder = texts(payload.slice(HEAD))[3] ?? "";
    state = await signature(payload, given);
  } catch (error) {
    state = error instanceof TypeError ? "unable" : "wrong";
  }
  main.dataset.signature = state;
  if (state === "good" && outcome === "unknown") {
    tell(place, "wait", say(
      "Chữ ký trên mã QR đúng nhưng sổ không có mã này. Hãy hỏi nơi cấp.",
      "The signature of the QR code is right, but the register does not have the code. Ask the issuer.",
    ));
  } else if (state === "good") {
    tell(place, outcome === "valid" ? "good" : "", say(
      `Chữ ký số trên mã QR đúng. Mã QR này cấp cho: ${holder}.`,
      `The digital signature of the QR code is right. It was issued to: ${holder}.`,
    ));
  } else if (state === "unable") {
    tell(place, "", say(
      "Trình duyệt này chưa kiểm tra được chữ ký số trên mã QR. Kết quả ở trên dựa vào sổ của nơi cấp.",
      "This browser cannot check the digital signature of the QR code. The answer above comes from the issuer's register.",
    ));
  } else {
    condemn(state === "unknown"
      ? say("Mã QR được ký bằng một khóa mà nơi cấp không công bố. Tờ giấy có thể là giả.", "The QR code is signed with a key that the issuer did not publish. The paper may be forged.")
      : say("Chữ ký số không khớp: mã QR đã bị sửa, hoặc tờ giấy là giả.", "The digital signature does not fit: the QR code was changed, or the paper is forged."));
  }
}

async function compare(file) {
  const place = document.querySelector("[data-file-result]");
  if (!globalThis.crypto?.subtle) {
    tell(place, "", say("Trình duyệt này không so được tệp; hãy dùng trình duyệt mới hơn.", "This browser cannot compare files; use a newer one."));
    return;
  }
  tell(place, "busy", say("Đang so…", "Comparing…"));
  const digest = hex(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  if (main.dataset.files.split(" ").includes(digest)) {
    tell(place, "good", say(`“${file.name}” đúng từng byte là bản đã phát hành.`, `“${file.name}” is, byte for byte, the file that was issued.`));
  } else {
    tell(place, "bad", say(
      `“${file.name}” không phải bản đã phát hành: tệp đã bị sửa, được lưu lại, hoặc của giấy khác.`,
      `“${file.name}” is not the file that was issued: it was changed, saved anew, or is of another certificate.`,
    ));
  }
}

document.querySelectorAll("[data-needs-script]").forEach((part) => (part.hidden = false));
const input = document.querySelector("#tep");
const drop = document.querySelector(".drop");
input?.addEventListener("change", () => input.files[0] && compare(input.files[0]));
drop?.addEventListener("dragover", (event) => {
  event.preventDefault();
  drop.classList.add("over");
});
drop?.addEventListener("dragleave", () => drop.classList.remove("over"));
drop?.addEventListener("drop", (event) => {
  event.preventDefault();
  drop.classList.remove("over");
  if (event.dataTransfer.files[0]) compare(event.dataTransfer.files[0]);
});
checkFragment();

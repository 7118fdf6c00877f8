// The words of a template: a preview that follows the typing, fields at a click.

const form = document.querySelector("#loi-van");
const preview = document.querySelector("#preview");
const english = document.documentElement.lang === "en";
let last = form.querySelector("textarea");
let timer;
let running = false;
let again = false;

form.addEventListener("focusin", (event) => {
  if (event.target.matches("textarea")) last = event.target;
});
form.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(show, 700);
});

for (const button of document.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", () => {
    last.setRangeText(`{{${button.dataset.insert}}}`, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    last.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function list(problems) {
  const box = document.createElement("div");
  box.className = "notice bad problems";
  const items = document.createElement("ul");
  for (const problem of problems) {
    const item = document.createElement("li");
    item.textContent = [problem.at, problem.value && `“${problem.value}”`, problem.message].filter(Boolean).join(" ");
    if (problem.remedy) {
      const remedy = document.createElement("span");
      remedy.className = "remedy";
      remedy.textContent = problem.remedy;
      item.append(remedy);
    }
    items.append(item);
  }
  box.append(items);
  return box;
}

async function show() {
  // One at a time; what was typed meanwhile is shown next.
  if (running) {
    again = true;
    return;
  }
  running = true;
  preview.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form));
    const headers = { "X-CSRF-Token": form.elements.csrf.value, Accept: "application/json" };
    const answer = await fetch(form.dataset.preview, { method: "POST", body, headers });
    if (answer.status === 401) {
      location.reload();
      return;
    }
    if (!answer.ok) throw new Error();
    const found = await answer.json();
    if (found.problems.length) {
      preview.replaceChildren(list(found.problems));
    } else {
      preview.replaceChildren(
        ...found.pictures.map((source) => {
          const picture = new Image();
          picture.src = source;
          picture.className = "page";
          picture.alt = english ? "A page with sample data" : "Trang thử với dữ liệu mẫu";
          return picture;
        }),
      );
    }
  } catch {
    const sorry = document.createElement("p");
    sorry.className = "hint";
    sorry.textContent = english ? "No preview just now; it is tried again as you write." : "Chưa xem thử được; sẽ thử lại khi sửa tiếp.";
    preview.replaceChildren(sorry);
  }
  preview.removeAttribute("aria-busy");
  running = false;
  if (again) {
    again = false;
    show();
  }
}

document.querySelectorAll(".no-script").forEach((button) => (button.hidden = true));
if (!preview.querySelector("img")) show();

// Making documents, a little easier with scripts: a file is dropped anywhere on its box, cells are corrected where they stand.

for (const box of document.querySelectorAll("[data-drop]")) {
  const input = box.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover"]) {
    box.addEventListener(name, (event) => {
      event.preventDefault();
      box.classList.add("over");
    });
  }
  for (const name of ["dragleave", "drop"]) box.addEventListener(name, () => box.classList.remove("over"));
  box.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer?.files.length) {
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change"));
    }
  });
}

// The first cell to correct stands in view, wherever in the sheet it is, beside the columns that stay.
const sheet = document.querySelector(".sheet");
const wrong = sheet?.querySelector("td.bad");
if (wrong && !location.hash) {
  const [box, cell] = [sheet.getBoundingClientRect(), wrong.getBoundingClientRect()];
  const stays = [...wrong.parentElement.children].filter((part) => part !== wrong && getComputedStyle(part).position === "sticky");
  const edge = stays.reduce((width, part) => width + part.offsetWidth, 0);
  sheet.scrollTop += cell.top - box.top - box.height / 3;
  if (cell.right > box.right) sheet.scrollLeft += Math.min(cell.right - box.right + 16, cell.left - box.left - edge);
}

// A double press on a cell opens its row for correction, as in a spreadsheet.
sheet?.addEventListener("dblclick", (event) => {
  const link = event.target.closest("tr")?.querySelector("th a");
  if (link && !event.target.closest("form")) location.href = link.href;
});

// What takes a while to draw comes after the page that it belongs to, in the place of its part.
const later = document.querySelector("[data-later]");
if (later) {
  const part = later.closest("section[id]");
  const path = later.dataset.later;
  fetch(path, { headers: { Accept: "text/html" } })
    .then(async (answer) => {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const drawn = page.getElementById(part.id);
      if (!drawn) throw new Error(String(answer.status));
      part.replaceWith(document.adoptNode(drawn));
    })
    .catch(() => location.replace(path));
}

// What takes a while says so.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button || event.defaultPrevented || event.target.method !== "post") return;
  setTimeout(() => {
    button.disabled = true;
    button.classList.add("working");
  });
});
addEventListener("pageshow", () => document.querySelectorAll("button.working").forEach((button) => {
  button.disabled = false;
  button.classList.remove("working");
}));

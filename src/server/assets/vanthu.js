// What every page does a little better with scripts. Nothing here is needed: forms work without it.

const english = document.documentElement.lang === "en";
const say = (vi, en) => (english ? en : vi);

// A link that is shown once can be copied by a button.
for (const place of document.querySelectorAll("[data-copy]")) {
  const text = place.querySelector("code")?.textContent ?? "";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = say("Chép", "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Only over HTTPS: the text is selected instead, for the keyboard.
      getSelection()?.selectAllChildren(place.querySelector("code"));
      return;
    }
    button.textContent = say("Đã chép", "Copied");
  });
  place.append(button);
}

// The answer to a form whose login has ended is no form any more for who goes back over it.
const entry = document.querySelector("[data-entry]");
if (entry) history.replaceState(null, "", entry.dataset.entry);

// What is wrong is read out and stands in view.
document.querySelector(".problems")?.focus();

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  // A form whose answer is a file leaves its page standing.
  if ("again" in form.dataset) return;
  if (form.dataset.sent && form.method === "post") {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// A question before what cannot be undone.
document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-ask]");
  if (asked && !confirm(asked.dataset.ask)) event.preventDefault();
});

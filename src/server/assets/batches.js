// A batch that is being made, and its messages on their way: the page follows them, by events, or by asking again where those do
// not come.

const card = document.querySelector("[data-batch]");
const mail = () => document.querySelector("[data-mail]");
const id = card?.dataset.batch ?? mail()?.dataset.of;

// The words of a list are the page's: it is asked for anew, and the part that changed takes the place of the old one.
const renew = async (counts) => {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-mail]");
  // Whoever stands on a link of it with the keyboard stays there.
  const held = mail().contains(document.activeElement) && document.activeElement.getAttribute("href");
  if (fresh) mail().replaceWith(document.adoptNode(fresh));
  else mail().dataset.mail = counts;
  if (held) [...mail().querySelectorAll("a")].find((link) => link.getAttribute("href") === held)?.focus();
};

if (id && !(card && "settled" in card.dataset)) {
  const bar = card?.querySelector("progress");
  const ended = card?.querySelector("[data-ended]");
  const words = document.querySelector("[data-words] .badge");
  const grouped = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "vi");
  let settled = false;

  const show = (now) => {
    if (card) {
      bar.max = now.count.total;
      bar.value = now.count.ended;
      ended.textContent = grouped.format(now.count.stored);
      words.textContent = now.words;
      // Buttons and lists are the page's: it is asked for anew when another step is reached.
      if (now.state !== card.dataset.state || (now.over && !("over" in card.dataset))) {
        settled = true;
        location.reload();
        return;
      }
    }
    if (mail() && mail().dataset.mail !== now.mail) renew(now.mail);
    settled = now.settled;
  };

  const ask = async () => {
    if (settled) return;
    try {
      const answer = await fetch(`/lo/${id}/tien-do`, { headers: { Accept: "application/json" } });
      if (answer.status === 401 || answer.status === 404) return;
      if (answer.ok) show(await answer.json());
    } catch {
      // The network is away; the next try may find it.
    }
    setTimeout(ask, 2000);
  };

  const events = new EventSource(`/lo/${id}/theo-doi`);
  events.onmessage = (event) => show(JSON.parse(event.data));
  events.onerror = () => {
    // A page that is being left asks no more.
    events.close();
    setTimeout(ask, 2000);
  };
}

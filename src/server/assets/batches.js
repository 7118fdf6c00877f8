// A batch that is being made: its page follows it, by events, or by asking again where those do not come.

const card = document.querySelector("[data-batch]");

if (card && !("over" in card.dataset)) {
  const id = card.dataset.batch;
  const state = card.dataset.state;
  const bar = card.querySelector("progress");
  const ended = card.querySelector("[data-ended]");
  const words = document.querySelector("[data-words] .badge");
  const grouped = new Intl.NumberFormat(document.documentElement.lang === "en" ? "en" : "vi");

  const show = (now) => {
    bar.max = now.count.total;
    bar.value = now.count.ended;
    ended.textContent = grouped.format(now.count.stored);
    words.textContent = now.words;
    // Buttons and lists are the page's: it is asked for anew when another step is reached.
    if (now.over || now.state !== state) location.reload();
  };

  let asking = 0;
  const ask = async () => {
    try {
      const answer = await fetch(`/lo/${id}/tien-do`, { headers: { Accept: "application/json" } });
      if (answer.status === 401 || answer.status === 404) return;
      if (answer.ok) show(await answer.json());
    } catch {
      // The network is away; the next try may find it.
    }
    asking = setTimeout(ask, 2000);
  };

  const events = new EventSource(`/lo/${id}/theo-doi`);
  events.onmessage = (event) => show(JSON.parse(event.data));
  events.onerror = () => {
    events.close();
    if (!asking) ask();
  };
}

// A new schedule: only the fields that the chosen recurrence uses stand there. Without scripts all do, and the others count for
// nothing.

const plan = document.getElementById("plan");
const uses = {
  ngay: ["time"],
  "lam-viec": ["time"],
  tuan: ["time", "weekday"],
  thang: ["time", "day"],
  quy: ["time", "day"],
  nam: ["time", "day", "month"],
  cron: [],
};

const show = () => {
  for (const part of document.querySelectorAll("[data-field]")) part.hidden = !uses[plan.value].includes(part.dataset.field);
  if (plan.value === "cron") document.querySelector("[data-cron]").open = true;
};

plan.addEventListener("change", show);
show();

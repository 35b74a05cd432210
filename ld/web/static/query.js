// The query page with more comfort: nothing here is needed to ask.
"use strict";

const box = document.getElementById("query");
const form = box.form;
const running = form.querySelector("[data-running]");

// The place of an error is selected, so that typing mends it.
if (box.dataset.line) {
  const lines = box.value.split("\n");
  const before = lines.slice(0, box.dataset.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  // The server counts characters; strings here count those beyond the first plane as two.
  const line = Array.from(lines[box.dataset.line - 1] || "");
  const start = before + line.slice(0, box.dataset.column - 1).join("").length;
  const length = line.slice(box.dataset.column - 1, box.dataset.column - 1 + Number(box.dataset.length)).join("").length;
  box.focus();
  box.setSelectionRange(start, start + Math.max(1, length));
  const height = parseFloat(getComputedStyle(box).lineHeight);
  box.scrollTop = Math.max(0, (box.dataset.line - 4) * height);
  box.scrollLeft = Math.max(0, (box.dataset.column - 40) * height * 0.4);
}

// Control and Enter ask.
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});

// While the engine works, it says for how long.
form.addEventListener("submit", () => {
  if (encodeURIComponent(box.value).length > 20000) form.method = "post"; // too long for an address
  const start = Date.now();
  running.textContent = "Asking…";
  const clock = setInterval(() => {
    running.textContent = `Asking for ${Math.round((Date.now() - start) / 1000)} s…`;
  }, 1000);
  addEventListener("pageshow", () => { clearInterval(clock); running.textContent = ""; }, { once: true });
});

// An example goes into the box first, to be read and changed; a new tab still opens its result.
for (const link of document.querySelectorAll("a[data-query]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    box.value = link.dataset.query;
    box.rows = Math.min(26, Math.max(10, box.value.split("\n").length + 1));
    box.removeAttribute("aria-invalid");
    box.scrollIntoView({ block: "center" });
    box.focus();
  });
}

// A click on the head of a column sorts by it.
const table = document.querySelector("table:not(.limits)");
if (table) {
  const body = table.tBodies[0];
  table.querySelectorAll("th").forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const order = head.ariaSort === "ascending" ? -1 : 1;
      const of = (row) => row.cells[column].textContent;
      const words = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;
      const numbers = [...body.rows].every((row) => !of(row) || row.cells[column].classList.contains("n"));
      const compare = numbers ? (one, other) => Number(one) - Number(other) : words;
      body.append(...[...body.rows].sort((one, other) => order * compare(of(one), of(other))));
      for (const other of table.querySelectorAll("th")) other.ariaSort = null;
      head.ariaSort = order === 1 ? "ascending" : "descending";
    });
  });
}

// SPDX-License-Identifier: Apache-2.0
// Which findings or charts of a page are shown: by words and outcomes, kept in the address.
"use strict";
{
  const words = document.getElementById("words");
  const buttons = [...document.querySelectorAll("button.verdict")];
  const rows = [...document.querySelectorAll(buttons.length ? ".findings tbody tr" : "figure.chart")];
  const what = buttons.length ? "findings" : "series";
  const texts = new Map(rows.map((row) => [row, (row.querySelector("figcaption") || row).textContent.toLowerCase()]));

  const list = () => {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const off = new Set(buttons.filter((each) => each.ariaPressed !== "true").map((each) => each.dataset.verdict));
    let count = 0;
    for (const row of rows) {
      row.hidden = off.has(row.dataset.verdict) || !wanted.every((word) => texts.get(row).includes(word));
      count += row.hidden ? 0 : 1;
    }
    document.getElementById("count").textContent =
      count === rows.length ? `${count} ${what}` : `${count} of ${rows.length} ${what}`;
  };
  const keep = () => {
    const off = buttons.filter((each) => each.ariaPressed !== "true").map((each) => each.dataset.verdict);
    ktstr.setAddress({ q: words.value, not: off.join(",") });
    list();
  };
  const read = () => {
    words.value = ktstr.address().get("q") || "";
    const off = new Set((ktstr.address().get("not") || "").split(","));
    for (const each of buttons) each.setAttribute("aria-pressed", String(!off.has(each.dataset.verdict)));
    list();
  };
  words.addEventListener("input", keep);
  for (const each of buttons) {
    each.addEventListener("click", () => {
      each.setAttribute("aria-pressed", String(each.ariaPressed !== "true"));
      keep();
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.matches("input")) return;
    event.preventDefault();
    words.focus();
  });
  addEventListener("hashchange", read);
  read();
}

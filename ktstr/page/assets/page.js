// SPDX-License-Identifier: Apache-2.0
// What all pages do: colours, the part of the address behind #, filters of tables.
"use strict";
const ktstr = {};

// Of `#q=fork&v=FAIL` the pairs; of `#checks`, a place in the page, none.
ktstr.address = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");

// Changes some of the pairs, null taking one away; `push`: the browser's Back leads back from it.
ktstr.setAddress = (changes, push = false) => {
  const pairs = ktstr.address();
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") pairs.delete(name);
    else pairs.set(name, value);
  }
  const text = pairs.toString();
  const to = text ? `#${text}` : location.pathname + location.search;
  try {
    history[push ? "pushState" : "replaceState"](null, "", to);
  } catch {
    location.hash = text; // a document of no address of its own
  }
};

// Has a table show only the rows that hold all words; says how many there are.
ktstr.filterRows = (input) => {
  const section = document.getElementById(input.dataset.rows);
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  const rows = section.querySelectorAll("tbody tr");
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    shown += row.hidden ? 0 : 1;
  }
  const status = input.closest("p").querySelector("[role=status]");
  status.textContent = words.length ? `${shown} of ${rows.length} rows` : "";
};

document.addEventListener("input", (event) => {
  if (event.target.dataset && event.target.dataset.rows) ktstr.filterRows(event.target);
});

{
  const button = document.getElementById("theme");
  const themes = ["system", "light", "dark"];
  let theme = "system";
  try {
    theme = localStorage.getItem("ktstr-colours") || theme;
  } catch { /* storage is refused: colours are not kept */ }
  const show = () => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Colours: ${theme}`;
    button.setAttribute("aria-label", `Colours: ${theme}; press for the next`);
  };
  button.addEventListener("click", () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length];
    try {
      localStorage.setItem("ktstr-colours", theme);
    } catch { /* as above */ }
    show();
  });
  show();
}

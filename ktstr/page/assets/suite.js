// SPDX-License-Identifier: Apache-2.0
// A list of results that is searched, and the one that is open.
"use strict";
{
  const byId = (id) => document.getElementById(id);
  const body = document.querySelector(".list tbody");
  let rows = [...body.rows];
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  const buttons = [...document.querySelectorAll("button.verdict")];
  const selects = [...document.querySelectorAll("select[data-choice]")];
  const COLUMNS = { topology: 2, kernel: 3, scheduler: 4, accel: 5 };
  const listed = () => rows.filter((row) => !row.hidden);
  let packs = null, opened = null, here = null, place = 0;

  const list = () => {
    const words = byId("words").value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = new Set(buttons.filter((each) => each.ariaPressed === "true").map((each) => each.dataset.verdict));
    const chosen = selects.filter((each) => each.value).map((each) => [COLUMNS[each.dataset.choice], each.value]);
    let count = 0;
    for (const row of rows) {
      const text = texts.get(row);
      const fits = verdicts.has(row.dataset.verdict) && words.every((word) => text.includes(word)) &&
        chosen.every(([column, value]) => row.cells[column].textContent === value);
      if (row.hidden === fits) row.hidden = !fits;
      count += fits ? 1 : 0;
    }
    byId("count").textContent = count === rows.length ? `${count} results` : `${count} of ${rows.length} results`;
  };

  const keep = () => {
    const off = buttons.filter((each) => each.ariaPressed !== "true").map((each) => each.dataset.verdict);
    ktstr.setAddress({
      q: byId("words").value,
      not: off.join(","),
      ...Object.fromEntries(selects.map((each) => [each.dataset.choice, each.value])),
    });
    list();
  };

  // What the address says: which are listed, which is open.
  const read = async () => {
    const address = ktstr.address();
    byId("words").value = address.get("q") || "";
    const off = new Set((address.get("not") || "").split(","));
    for (const each of buttons) each.setAttribute("aria-pressed", String(!off.has(each.dataset.verdict)));
    for (const each of selects) each.value = address.get(each.dataset.choice) || "";
    list();
    await show(address.get("r"));
  };

  const unpacked = async (row) => {
    packs ||= JSON.parse(byId("packs").textContent);
    const number = Number(row.dataset.place);
    const text = packs.packs[Math.floor(number / packs.together)];
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text())[number % packs.together];
  };

  const show = async (key) => {
    if (key === opened) return;
    const row = key ? rows.find((each) => each.dataset.key === key) : null;
    if (!row) {
      opened = null;
      byId("one").hidden = true;
      byId("all").hidden = false;
      byId("result").replaceChildren();
      scrollTo(0, place);
      if (here) here.querySelector("a").focus({ preventScroll: true });
      return;
    }
    if (opened === null) place = scrollY;
    opened = key;
    const html = await unpacked(row);
    if (opened !== key) return;
    byId("result").innerHTML = html; // written by ktstr's own templates, where all text was escaped
    for (const link of byId("result").querySelectorAll("nav a")) link.addEventListener("click", jump);
    byId("all").hidden = true;
    byId("one").hidden = false;
    const order = listed();
    const at = order.indexOf(row);
    byId("where").textContent = at < 0 ? "" : `${at + 1} of ${order.length}`;
    byId("previous").disabled = at <= 0;
    byId("next").disabled = at < 0 || at === order.length - 1;
    mark(row);
    ktstr.charts(byId("result"));
    scrollTo(0, 0);
    byId("result").focus({ preventScroll: true });
  };

  // Within an open result the address says which one it is, and no place of the page.
  const jump = (event) => {
    event.preventDefault();
    const target = byId(event.currentTarget.getAttribute("href").slice(1));
    target.scrollIntoView();
    target.setAttribute("tabindex", "-1");
    target.focus({ preventScroll: true });
  };

  const mark = (row) => {
    if (here) here.classList.remove("here");
    here = row;
    row.classList.add("here");
  };

  const open = (key) => {
    ktstr.setAddress({ r: key, t: null }, true);
    show(key);
  };

  const step = (by) => {
    const order = listed();
    const at = order.indexOf(here);
    const row = order[Math.min(order.length - 1, Math.max(0, at < 0 ? 0 : at + by))];
    if (!row) return;
    if (opened !== null) {
      if (row !== here) open(row.dataset.key);
      return;
    }
    mark(row);
    row.querySelector("a").focus();
    row.scrollIntoView({ block: "nearest" });
  };

  const sort = (button) => {
    const header = button.closest("th");
    const down = header.ariaSort === "ascending";
    for (const each of header.parentNode.cells) each.setAttribute("aria-sort", "none");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const column = Number(button.dataset.sort);
    const value = (row) => row.cells[column].dataset.order || row.cells[column].textContent;
    const order = new Intl.Collator("en", { numeric: true });
    rows.sort((one, other) => (down ? -1 : 1) * order.compare(value(one), value(other)));
    body.append(...rows);
  };

  byId("words").addEventListener("input", keep);
  for (const each of selects) each.addEventListener("change", keep);
  for (const each of buttons) {
    each.addEventListener("click", () => {
      each.setAttribute("aria-pressed", String(each.ariaPressed !== "true"));
      keep();
    });
  }
  document.querySelector(".list").addEventListener("click", (event) => {
    const button = event.target.closest("button[data-sort]");
    const link = event.target.closest("a");
    if (button) sort(button);
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      open(link.closest("tr").dataset.key);
    }
  });
  byId("back").addEventListener("click", (event) => {
    event.preventDefault();
    open(null);
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches("input, select")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const does = opened === null
      ? { "/": () => byId("words").focus(), j: () => step(1), k: () => step(-1) }
      : { n: () => step(1), p: () => step(-1), Escape: () => open(null) };
    if (does[event.key]) {
      event.preventDefault();
      does[event.key]();
    }
  });
  addEventListener("popstate", read);
  read();
}

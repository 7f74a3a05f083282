// SPDX-License-Identifier: Apache-2.0
// Charts as they come into sight, in one stretch of time that people choose.
"use strict";
{
  const FONT = "system-ui, sans-serif";
  const CONFIG = {
    axis: {
      labelColor: "var(--soft)", titleColor: "var(--soft)", gridColor: "var(--grid)",
      domainColor: "var(--line)", tickColor: "var(--line)", labelFont: FONT, titleFont: FONT,
      labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500,
    },
    text: { font: FONT, fontSize: 12, fill: "var(--soft)" },
  };

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  const showTip = (_, event, item, value) => {
    tip.hidden = !value;
    if (!value) return;
    tip.textContent = value;
    tip.style.left = `${Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
  };

  // Charts of one result have one stretch of time.
  const timed = new Set();
  let shown = null;
  const fits = (length) => {
    if (!shown) return [0, length];
    const from = Math.max(0, Math.min(shown[0], length - 1));
    return [from, Math.min(length, Math.max(shown[1], from + 1))];
  };
  const enlarge = () => {
    for (const { view, length } of timed) view.signal("domain", fits(length)).signal("brush", [0, 0]).runAsync();
  };
  const show = (stretch) => {
    shown = stretch;
    ktstr.setAddress({ t: stretch && stretch.map((us) => (us / 1e6).toFixed(6)).join("-") });
    enlarge();
  };
  ktstr.readStretch = () => {
    const [from, to] = (ktstr.address().get("t") || "").split("-").map((s) => parseFloat(s) * 1e6);
    shown = to > from ? [from, to] : null;
    enlarge();
  };

  const keys = (event, length) => {
    const [from, to] = fits(length);
    const span = to - from;
    const moved = {
      "+": [from + span / 4, to - span / 4], "=": [from + span / 4, to - span / 4],
      "-": [from - span / 2, to + span / 2],
      ArrowLeft: from > 0 ? [Math.max(0, from - span / 4), Math.max(0, from - span / 4) + span] : null,
      ArrowRight: to < length ? [Math.min(length - span, from + span / 4), Math.min(length, to + span / 4)] : null,
    }[event.key];
    if (event.key === "0") show(null);
    else if (moved && moved[1] - moved[0] >= 10) {
      show(moved[1] - moved[0] >= length ? null : [Math.max(0, moved[0]), Math.min(length, moved[1])]);
    } else return;
    event.preventDefault();
  };

  const draw = (place, chart) => {
    if (place.drawn) return;
    place.drawn = true;
    const spec = ktstr.kinds[chart.kind](chart);
    spec.autosize = { type: "fit-x", contains: "padding" };
    spec.width = place.clientWidth;
    // Vega calls its container by a name of its own; what a screen reader is told is the place's.
    const container = document.createElement("div");
    container.setAttribute("aria-hidden", "true");
    place.append(container);
    spec.padding = { left: 2, right: 8, top: 2, bottom: 2 };
    const view = new vega.View(vega.parse(spec, CONFIG, { ast: true }), {
      expr: vega.expressionInterpreter, renderer: "svg", container, hover: false, logLevel: vega.Error,
      tooltip: showTip,
    });
    if (chart.length) {
      view.signal("domain", fits(chart.length));
      timed.add({ view, length: chart.length });
      view.addSignalListener("chosen", (_, stretch) => stretch && show(stretch));
      place.addEventListener("dblclick", () => show(null));
      place.addEventListener("keydown", (event) => keys(event, chart.length));
    }
    view.run();
    const explained = ktstr.legend(chart);
    if (explained) place.after(explained);
    let width = place.clientWidth;
    new ResizeObserver(() => {
      if (place.clientWidth && Math.abs(place.clientWidth - width) > 1) {
        width = place.clientWidth;
        view.width(width).runAsync();
      }
    }).observe(place);
  };

  // Draws the charts within an element as they come into sight, by the data that lie there, too.
  let waiting = [];
  ktstr.charts = (within) => {
    timed.clear();
    waiting = [];
    ktstr.readStretch();
    const found = within.querySelector("script.data");
    if (!found) return;
    const data = JSON.parse(found.textContent);
    const observer = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) draw(entry.target, data[entry.target.dataset.chart]);
      }
    }, { rootMargin: "300px" });
    for (const place of within.querySelectorAll(".plot")) {
      observer.observe(place);
      waiting.push(() => draw(place, data[place.dataset.chart]));
    }
  };
  window.addEventListener("beforeprint", () => waiting.forEach((each) => each()));
}

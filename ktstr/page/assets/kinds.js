// SPDX-License-Identifier: Apache-2.0
// Kinds of charts: data of a page as specifications of Vega's. Colours are variables of the page's
// style, so that a chart is right in light, dark and print as it is.
"use strict";
{
  const COLOURS = 9;
  const DURATION =
    "datum.value >= 1e9 ? format(datum.value / 1e9, '~g') + ' s' : " +
    "datum.value >= 1e6 ? format(datum.value / 1e6, '~g') + ' ms' : " +
    "datum.value >= 1e3 ? format(datum.value / 1e3, '~g') + ' us' : format(datum.value, '~g') + ' ns'";
  const DEPTHS = ["0", "1", "2", "3", "4", "5–8", "9–16", "17 and more"];
  const depthLevel = (n) => (n <= 4 ? n : n <= 8 ? 5 : n <= 16 ? 6 : 7);
  // Powers of ten, where they are few those between, too.
  const decades = (low, high) => {
    const found = [];
    const between = high / low < 300 ? [1, 2, 5] : [1];
    for (let of = 10 ** Math.floor(Math.log10(low)); of <= high; of *= 10) {
      for (const each of between) if (each * of >= low && each * of <= high) found.push(each * of);
    }
    return found;
  };
  const ms = (us) => (us >= 1000 ? `${(us / 1000).toPrecision(4)} ms` : `${us} us`);
  const ns = (n) => (n >= 1e9 ? `${(n / 1e9).toPrecision(4)} s` : n >= 1e3 ? ms(n / 1e3) : `${n} ns`);

  // Four numbers each: gap, length (in units), value, level.
  const stretches = (numbers, unit) => {
    const found = [];
    for (let i = 0, at = 0; i < numbers.length; i += 4) {
      const start = at + numbers[i];
      at = start + numbers[i + 1];
      found.push({ a: start * unit, b: at * unit, value: numbers[i + 2], level: numbers[i + 3] });
    }
    return found;
  };

  const x = (field) => ({ scale: "x", field });
  const clipped = { width: { signal: "width" }, height: { signal: "height" }, clip: { value: true } };

  // Phases, each in the first track that is free, so that what lies within another is below it.
  const tracks = (phases) => {
    const ends = [];
    return phases.map(([name, start, end]) => {
      let track = ends.findIndex((until) => until <= start);
      if (track < 0) track = ends.length;
      ends[track] = end;
      return { name, short: (/^step (\d+)/.exec(name) || [name, name])[1], a: start, b: end, track };
    });
  };

  // What all charts over time have: the axis, phases and moments, and a stretch to enlarge.
  const overTime = (chart, height, scales, axes, marks, data) => {
    const phases = tracks(chart.phases);
    const strip = 17 * (1 + Math.max(-1, ...phases.map((each) => each.track)));
    return {
      height,
      signals: [
        { name: "domain", value: [0, chart.length] },
        {
          name: "brush", value: [0, 0], on: [
            { events: "pointerdown", update: "[clamp(x(), 0, width), clamp(x(), 0, width)]" },
            {
              events: "[pointerdown, window:pointerup] > window:pointermove",
              update: "[brush[0], clamp(x(), 0, width)]",
            },
          ],
        },
        {
          name: "chosen", value: null, on: [{
            events: "window:pointerup",
            update: "abs(brush[1] - brush[0]) > 4 ? [invert('x', min(brush[0], brush[1])), " +
              "invert('x', max(brush[0], brush[1]))] : null",
          }],
        },
      ],
      data: [
        { name: "phases", values: phases },
        { name: "edges", values: phases.flatMap(({ a, b }) => [{ a }, { a: b }]) },
        { name: "moments", values: chart.moments.map(([a, words]) => ({ a, words })) },
        ...data,
      ],
      scales: [
        { name: "x", type: "linear", domain: { signal: "domain" }, range: "width", zero: false, nice: false },
        ...scales,
      ],
      axes: [
        {
          orient: "bottom", scale: "x", title: "seconds from the scenario's beginning", tickCount: { signal: "width / 90" },
          encode: { labels: { update: { text: { signal: "format(datum.value / 1e6, '~g')" } } } },
        },
        ...axes,
      ],
      marks: [
        {
          type: "group",
          encode: { update: {
            y: { value: -strip - 3 }, width: { signal: "width" }, height: { value: strip }, clip: { value: true },
          } },
          marks: [
            {
              type: "rect", from: { data: "phases" },
              encode: { update: {
                x: x("a"), x2: x("b"), y: { signal: "datum.track * 17" }, height: { value: 15 },
                fill: { value: "var(--lift)" }, stroke: { value: "var(--line)" },
                tooltip: { field: "name" },
              } },
            },
            {
              type: "text", from: { data: "phases" },
              encode: { update: {
                x: { signal: "max(0, scale('x', datum.a)) + 5" }, y: { signal: "datum.track * 17 + 11" },
                text: { signal: "scale('x', datum.b) - scale('x', datum.a) < 50 ? datum.short : datum.name" },
                limit: { signal: "max(1, min(width, scale('x', datum.b)) - max(0, scale('x', datum.a)) - 8)" },
                fill: { value: "var(--soft)" }, fontSize: { value: 11 },
              } },
              interactive: false,
            },
          ],
        },
        {
          type: "group", encode: { update: clipped },
          marks: [
            ...marks,
            {
              type: "rule", from: { data: "edges" }, interactive: false,
              encode: { update: {
                x: x("a"), y: { value: 0 }, y2: { signal: "height" },
                stroke: { value: "var(--soft)" }, strokeOpacity: { value: .5 },
              } },
            },
            {
              type: "rule", from: { data: "moments" },
              encode: { update: {
                x: x("a"), y: { value: 0 }, y2: { signal: "height" }, strokeDash: { value: [4, 3] },
                stroke: { value: "var(--moment)" }, strokeWidth: { value: 1.5 },
                tooltip: { signal: "datum.words + ' at ' + format(datum.a / 1e6, '.6f') + ' s'" },
              } },
            },
            {
              type: "rect", interactive: false,
              encode: { update: {
                x: { signal: "min(brush[0], brush[1])" }, x2: { signal: "max(brush[0], brush[1])" },
                y: { value: 0 }, y2: { signal: "height" },
                fill: { value: "var(--link)" }, fillOpacity: { value: .2 },
              } },
            },
          ],
        },
      ],
    };
  };

  const cells = (chart, values, fill, opacity) => {
    const cpus = chart.rows.map((row) => row.of);
    const height = Math.max(30, cpus.length * (cpus.length > 16 ? 12 : 24));
    return overTime(
      chart, height,
      [{ name: "y", type: "band", domain: cpus, range: [0, height], padding: .12 }],
      [{ orient: "left", scale: "y", title: "CPU", ticks: false, domain: false }],
      [{
        type: "rect", from: { data: "cells" },
        encode: { update: {
          x: x("a"),
          x2: { signal: "max(scale('x', datum.b), scale('x', datum.a) + 0.7)" },
          y: { scale: "y", field: "of" }, height: { scale: "y", band: 1 },
          fill: { field: fill }, fillOpacity: opacity, tooltip: { field: "words" },
        } },
      }],
      [{ name: "cells", values }],
    );
  };

  ktstr.kinds = {
    lanes: (chart) => {
      const values = chart.rows.flatMap(({ of, numbers }) => stretches(numbers, chart.unit).map((each) => ({
        ...each, of, colour: `var(--c${Math.min(each.value, COLOURS)})`,
        words: `CPU ${of}: ${chart.names[each.value]}, ${ms(each.b - each.a)} from ${(each.a / 1e6).toFixed(6)} s`,
      })));
      return cells(chart, values, "colour", { signal: "0.2 + 0.2 * datum.level" });
    },
    depths: (chart) => {
      const values = chart.rows.flatMap(({ of, numbers }) => stretches(numbers, chart.unit).map((each) => ({
        ...each, of, colour: each.value ? `var(--d${depthLevel(each.value)})` : "var(--lift)",
        words: `CPU ${of}: ${each.value} tasks for ${ms(each.b - each.a)} from ${(each.a / 1e6).toFixed(6)} s`,
      })));
      return cells(chart, values, "colour", { value: 1 });
    },
    steps: (chart) => {
      const values = chart.series.flatMap(({ name, numbers }, place) => {
        const points = [];
        let last = null;
        for (const each of stretches(numbers, chart.unit)) {
          if (last !== null && each.a > last) points.push({ name, at: last, value: 0, there: false });
          points.push({ name, at: each.a, value: each.value, there: true });
          points.push({ name, at: each.b, value: each.value, there: true });
          last = each.b;
        }
        return points.map((point) => ({ ...point, colour: `var(--c${place % COLOURS})` }));
      });
      return overTime(
        chart, 150,
        [{ name: "y", domain: { data: "points", field: "value" }, range: [150, 0], nice: true, zero: true }],
        [{ orient: "left", scale: "y", title: "tasks", grid: true, tickCount: 4, format: "d" }],
        [{
          type: "group", from: { facet: { name: "one", data: "points", groupby: "name" } },
          marks: [{
            type: "line", from: { data: "one" },
            encode: { update: {
              x: x("at"), y: { scale: "y", field: "value" }, defined: { field: "there" },
              stroke: { field: "colour" }, strokeWidth: { value: 1.5 }, interpolate: { value: "step-after" },
              tooltip: { field: "name" },
            } },
          }],
        }],
        [{ name: "points", values }],
      );
    },
    histogram: (chart) => {
      const bars = [], marks = [];
      let low = Infinity, high = 1;
      for (const { name, numbers, marks: [median, tail] } of chart.rows) {
        let most = 1;
        for (let i = 0; i < numbers.length; i += 3) most = Math.max(most, numbers[i + 2]);
        for (let i = 0; i < numbers.length; i += 3) {
          const [a, b, count] = [Math.max(1, numbers[i]), Math.max(2, numbers[i + 1]), numbers[i + 2]];
          low = Math.min(low, a);
          high = Math.max(high, b);
          bars.push({ name, a, b, count, part: count / most, words: `${name}: ${count} from ${ns(a)} to ${ns(b)}` });
        }
        marks.push({ name, at: Math.max(1, median), words: `${name}: median ${ns(median)}`, p: "p50" });
        marks.push({ name, at: Math.max(1, tail), words: `${name}: 99th percentile ${ns(tail)}`, p: "p99" });
      }
      const height = 52 * chart.rows.length;
      const foot = { scale: "y", field: "name", band: 1 };
      return {
        height,
        data: [{ name: "bars", values: bars }, { name: "marks", values: marks }],
        scales: [
          { name: "x", type: "log", domain: [low, high], range: "width", nice: false },
          { name: "y", type: "band", domain: chart.rows.map((row) => row.name), range: [0, height], paddingInner: .22, paddingOuter: .08 },
        ],
        axes: [
          {
            orient: "bottom", scale: "x", grid: true, values: decades(low, high), labelOverlap: true, labelSeparation: 8,
            encode: { labels: { update: { text: { signal: DURATION } } } },
          },
          { orient: "left", scale: "y", ticks: false, domain: false, labelLimit: { signal: "containerSize()[0] < 500 ? 90 : 200" } },
        ],
        marks: [
          {
            type: "rect", from: { data: "bars" },
            encode: { update: {
              x: x("a"), x2: { signal: "max(scale('x', datum.b), scale('x', datum.a) + 1)" },
              y: { signal: "scale('y', datum.name) + bandwidth('y') * (1 - max(0.02, datum.part))" }, y2: foot,
              fill: { value: "var(--c0)" }, tooltip: { field: "words" },
            } },
          },
          {
            type: "rule", from: { data: "marks" },
            encode: { update: {
              x: x("at"), y: { scale: "y", field: "name" }, y2: foot, stroke: { value: "var(--c1)" },
              strokeWidth: { value: 1.5 }, strokeDash: { value: [3, 2] }, tooltip: { field: "words" },
            } },
          },
          {
            type: "text", from: { data: "marks" },
            encode: { update: {
              x: { scale: "x", field: "at", offset: 3 }, y: { scale: "y", field: "name", offset: 8 },
              text: { field: "p" }, fontSize: { value: 10 }, fill: { value: "var(--c1)" },
            } },
          },
        ],
      };
    },
    trend: (chart) => ({
      height: 170,
      data: [{ name: "points", values: chart.points }],
      scales: [
        { name: "x", type: "point", domain: { data: "points", field: "place" }, range: "width", padding: .5 },
        { name: "y", domain: { fields: [{ data: "points", field: "least" }, { data: "points", field: "most" }] }, range: [170, 0], nice: true, zero: false },
      ],
      axes: [
        {
          orient: "bottom", scale: "x", title: "run", labelOverlap: true,
          encode: { labels: { update: { text: { signal: "data('points')[datum.value].run" } } } },
        },
        { orient: "left", scale: "y", title: chart.unit, grid: true, tickCount: 5 },
      ],
      marks: [
        {
          type: "rule", from: { data: "points" },
          encode: { update: { x: x("place"), y: { scale: "y", field: "least" }, y2: { scale: "y", field: "most" }, stroke: { value: "var(--c9)" }, strokeWidth: { value: 3 } } },
        },
        {
          type: "line", from: { data: "points" },
          encode: { update: { x: x("place"), y: { scale: "y", field: "value" }, stroke: { value: "var(--c0)" }, strokeWidth: { value: 1.5 } } },
        },
        {
          type: "symbol", from: { data: "points" },
          encode: { update: {
            x: x("place"), y: { scale: "y", field: "value" }, tooltip: { field: "words" },
            fill: { signal: "datum.moved ? 'var(--c1)' : 'var(--c0)'" }, shape: { signal: "datum.moved ? 'diamond' : 'circle'" },
            size: { signal: "datum.moved ? 130 : 45" },
          } },
        },
      ],
    }),
    changes: (chart) => {
      const height = 22 * chart.rows.length;
      return {
        height,
        data: [{ name: "rows", values: chart.rows }],
        scales: [
          { name: "x", domain: { fields: [{ data: "rows", field: "low" }, { data: "rows", field: "high" }, [0]] }, range: "width", nice: true, zero: true },
          { name: "y", type: "band", domain: chart.rows.map((row) => row.place), range: [0, height] },
        ],
        axes: [
          { orient: "bottom", scale: "x", title: "change, % of the base", grid: true, tickCount: { signal: "width / 80" } },
          {
            orient: "left", scale: "y", ticks: false, domain: false, labelLimit: { signal: "max(90, containerSize()[0] * 0.45)" },
            encode: { labels: { update: { text: { signal: "data('rows')[datum.value].name" } } } },
          },
        ],
        marks: [
          { type: "rule", encode: { update: { x: { scale: "x", value: 0 }, y: { value: 0 }, y2: { signal: "height" }, stroke: { value: "var(--soft)" } } } },
          {
            type: "rule", from: { data: "rows" },
            encode: { update: { x: x("low"), x2: x("high"), y: { scale: "y", field: "place", band: .5 }, stroke: { value: "var(--c9)" }, strokeWidth: { value: 3 } } },
          },
          {
            type: "symbol", from: { data: "rows" },
            encode: { update: {
              x: x("value"), y: { scale: "y", field: "place", band: .5 }, size: { value: 70 }, tooltip: { field: "words" },
              fill: { signal: "'var(--' + datum.colour + ')'" }, shape: { field: "shape" },
            } },
          },
        ],
      };
    },
  };

  // What colours mean.
  ktstr.legend = (chart) => {
    const entry = {
      lanes: () => chart.names.slice(0, COLOURS).map((name, i) => [`--c${i}`, name])
        .concat(chart.names.length > COLOURS ? [[`--c${COLOURS}`, `${chart.names.length - COLOURS} others`]] : []),
      depths: () => DEPTHS.map((words, i) => [i ? `--d${i}` : "--lift", words]),
      steps: () => chart.series.map(({ name }, i) => [`--c${i % COLOURS}`, name]),
    }[chart.kind];
    if (!entry) return null;
    const list = document.createElement("ul");
    list.className = "legend";
    list.setAttribute("aria-label", "Colours");
    for (const [colour, words] of entry()) {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.style.background = `var(${colour})`;
      item.append(swatch, words);
      list.append(item);
    }
    return list;
  };
}

// Puts uPlot in the place of the server's curves, with the same values; the tables stay. Where it does not load, the curves stay too.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { words } = data;
  const french = data.language === "fr";
  const NBSP = "\u00a0";

  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: data.timezone, hour: "numeric", minute: "numeric", hourCycle: "h23" });
  const locale = data.language === "en" ? "en-GB" : data.language; // the order of days of the server: "Wed 11", "11 Nov"
  const dayOf = new Intl.DateTimeFormat(locale, { timeZone: data.timezone, day: "numeric", month: "short" });
  const weekdayOf = new Intl.DateTimeFormat(locale, { timeZone: data.timezone, weekday: "short", day: "numeric" });

  // "14 h 32", or "14:32": browsers write French hours with a colon.
  function hour(ts) {
    const of = Object.fromEntries(parts.formatToParts(ts * 1000).map((part) => [part.type, part.value]));
    const [hours, minutes] = [Number(of.hour), of.minute];
    if (!french) return `${String(hours).padStart(2, "0")}:${minutes}`;
    return minutes === "00" ? `${hours}${NBSP}h` : `${hours}${NBSP}h${NBSP}${minutes}`;
  }
  const number = (value, digits) => value.toLocaleString(data.language, { maximumFractionDigits: digits });
  const plain = (value, series, digits) => series.labels[value] ?? number(value, digits);
  const amount = (value, series) => (value == null ? words.none : plain(value, series, series.digits) + (series.unit ? NBSP + series.unit : ""));

  // Hours, with the day at midnights; days; or, over more than a week, dates: as the server's own axis.
  const WEEK_S = 8 * 86400;
  const MIDNIGHT = french ? `0${NBSP}h` : "00:00";
  function ticks(values, step, span) {
    const day = span <= WEEK_S ? weekdayOf : dayOf;
    return values.map((ts) => {
      const time = step < 86400 ? hour(ts) : MIDNIGHT;
      return time === MIDNIGHT ? day.format(ts * 1000) : time;
    });
  }

  function options(series, width) {
    const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const [ink2, grid, line, band, half] = ["--ink2", "--line", "--tide-line", "--tide", "--past-bg"].map(token);
    const axis = { stroke: ink2, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "13px system-ui, sans-serif" };
    const value = (_plot, raw, _series, index) => (index == null ? "–" : amount(raw, series));
    const bound = { stroke: "transparent", points: { show: false }, value };
    // Drawn first, so that what was measured lies on what is usual.
    const usual = [{ label: words.usualHigh, ...bound }, { label: words.usualLow, ...bound }, { label: words.usual, stroke: ink2, width: 2, dash: [5, 5], spanGaps: false, value }];
    return {
      width,
      height: 260,
      tzDate: (ts) => inPlace(ts),
      series: [
        { label: words.time, value: (_plot, raw) => (raw == null ? "" : `${weekdayOf.format(raw * 1000)} ${hour(raw)}`) },
        ...(series.usual ? usual.slice(0, 2) : []),
        { label: words.high, ...bound },
        { label: words.low, ...bound },
        ...(series.usual ? usual.slice(2) : []),
        { label: series.mean, stroke: line, width: 2.5, spanGaps: false, value },
      ],
      bands: series.usual ? [{ series: [1, 2], fill: half }, { series: [3, 4], fill: band }] : [{ series: [1, 2], fill: band }],
      axes: [
        { ...axis, values: (plot, splits, _axis, _space, step) => ticks(splits, step, plot.scales.x.max - plot.scales.x.min) },
        { ...axis, size: 56, values: (_plot, splits) => splits.map((each) => (series.labels.length && each % 1 ? "" : plain(each, series, Math.max(series.digits, 1)))) },
      ],
      scales: { x: { range: (_plot, low, high) => (zoomed.has(series.id) ? [low, high] : [data.from, data.to]) }, y: { range: (_plot, low, high) => [Math.min(0, low), high > low ? high + (high - Math.min(0, low)) * 0.06 : low + 1] } },
      hooks: {
        setSelect: [(plot) => plot.select.width > 0 && zoomed.add(series.id) && closer(plot, series)],
        drawClear: [(plot) => shade(plot, series, token("--unk-bg"))],
      },
    };
  }
  const zoomed = new Set();
  const columns = (series) => [series.times, ...(series.usual ? [series.usualHighs, series.usualLows] : []), series.highs, series.lows, ...(series.usual ? [series.usual] : []), series.means];

  // A part of the chart, from the server, where it has more points there than are drawn. Without an answer these stay.
  async function closer(plot, series) {
    const [from, to] = [plot.posToVal(plot.select.left, "x"), plot.posToVal(plot.select.left + plot.select.width, "x")];
    const drawn = plot.data[0].filter((ts) => from < ts && ts <= to).length;
    try {
      const answer = await fetch(`${data.points}?${new URLSearchParams({ from_ts: from, to_ts: to, compare: data.compare })}`);
      if (!answer.ok) return;
      const finer = (await answer.json()).series.find((each) => each.id === series.id);
      if (!finer || finer.times.length <= drawn || !zoomed.has(series.id)) return;
      Object.assign(series, finer);
      plot.setData(columns(series), false);
      plot.setScale("x", { min: from, max: to });
    } catch { /* the gateway is away: the chart stays as it is */ }
  }

  function whole(plot, series, first) {
    zoomed.delete(series.id);
    Object.assign(series, first);
    plot.setData(columns(series), false);
    plot.setScale("x", { min: data.from, max: data.to });
  }

  // uPlot splits its axis by the fields of a Date in the browser's own zone: this one has the place's hours in them. Not
  // by uPlot.tzDate, which makes a new formatter for each of some hundred dates of an axis.
  const isThere = Intl.DateTimeFormat().resolvedOptions().timeZone === data.timezone;
  const wholeDate = new Intl.DateTimeFormat("en-GB", { timeZone: data.timezone, year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" });
  function inPlace(ts) {
    if (isThere) return new Date(ts * 1000);
    const of = Object.fromEntries(wholeDate.formatToParts(ts * 1000).map((part) => [part.type, Number(part.value)]));
    return new Date(of.year, of.month - 1, of.day, of.hour, of.minute, of.second);
  }

  // Time without a reading has a ground of its own, as in the server's drawing. An interval is stamped at its end.
  function shade(plot, series, colour) {
    const { left, top, width, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.beginPath();
    plot.ctx.rect(left, top, width, height);
    plot.ctx.clip();
    plot.ctx.fillStyle = colour;
    series.means.forEach((mean, index) => {
      if (mean !== null) return;
      const from = plot.valToPos(index ? series.times[index - 1] : data.from, "x", true);
      plot.ctx.fillRect(from, top, plot.valToPos(series.times[index], "x", true) - from, height);
    });
    plot.ctx.restore();
  }

  function draw(place) {
    const series = data.series[Number(place.dataset.series)];
    const first = { ...series };
    const plot = new uPlot(options(series, place.clientWidth), columns(series), (self, start) => {
      place.replaceChildren(self.root);
      start();
    });
    plot.over.addEventListener("dblclick", () => whole(plot, series, first));
    const note = document.createElement("p");
    note.className = "muted";
    note.textContent = words.zoom;
    const back = document.createElement("button");
    back.type = "button";
    back.className = "link";
    back.textContent = words.whole;
    back.addEventListener("click", () => whole(plot, series, first));
    note.append(" ", back);
    place.after(note);
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 260 })).observe(place);
  }

  // Only what is about to be seen: drawing a dozen charts at once holds a phone up for as long as it takes.
  const near = new IntersectionObserver((places) => {
    for (const { target, isIntersecting } of places) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      setTimeout(draw, 0, target); // each by itself, so that a touch is answered between two
    }
  }, { rootMargin: "50%" });

  if (!data.script) return;
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = data.style;
  const script = document.createElement("script");
  script.src = data.script;
  script.onload = () => document.querySelectorAll(".plot").forEach((place) => near.observe(place));
  document.head.append(style, script);
})();

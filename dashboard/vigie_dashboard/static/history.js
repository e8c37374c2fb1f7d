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
  const amount = (value, series) => (value == null ? words.none : number(value, series.digits) + (series.unit ? NBSP + series.unit : ""));

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
    const [ink2, grid, line, band] = ["--ink2", "--line", "--tide-line", "--tide"].map(token);
    const axis = { stroke: ink2, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "13px system-ui, sans-serif" };
    const value = (_plot, raw, _series, index) => (index == null ? "–" : amount(raw, series));
    const bound = { stroke: "transparent", points: { show: false }, value };
    return {
      width,
      height: 260,
      tzDate: (ts) => inPlace(ts),
      series: [
        { label: words.time, value: (_plot, raw) => (raw == null ? "" : `${weekdayOf.format(raw * 1000)} ${hour(raw)}`) },
        { label: words.high, ...bound },
        { label: words.low, ...bound },
        { label: words.mean, stroke: line, width: 2.5, spanGaps: false, value },
      ],
      bands: [{ series: [1, 2], fill: band }],
      axes: [
        { ...axis, values: (plot, splits, _axis, _space, step) => ticks(splits, step, plot.scales.x.max - plot.scales.x.min) },
        { ...axis, size: 56, values: (_plot, splits) => splits.map((each) => number(each, Math.max(series.digits, 1))) },
      ],
      scales: { x: { range: (_plot, low, high) => (zoomed.has(series.id) ? [low, high] : [data.from, data.to]) }, y: { range: (_plot, low, high) => [Math.min(0, low), high > low ? high + (high - Math.min(0, low)) * 0.06 : low + 1] } },
      hooks: {
        setSelect: [(plot) => plot.select.width > 0 && zoomed.add(series.id)],
        drawClear: [(plot) => shade(plot, series, token("--unk-bg"))],
      },
    };
  }
  const zoomed = new Set();

  // uPlot splits its axis by the fields of a Date in the browser's own zone: this one has the place's hours in them.
  function inPlace(ts) {
    return uPlot.tzDate(new Date(ts * 1000), data.timezone);
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
    const plot = new uPlot(options(series, place.clientWidth), [series.times, series.highs, series.lows, series.means], (self, start) => {
      place.replaceChildren(self.root);
      start();
    });
    plot.over.addEventListener("dblclick", () => zoomed.delete(series.id));
    const note = document.createElement("p");
    note.className = "muted";
    note.textContent = words.zoom;
    const whole = document.createElement("button");
    whole.type = "button";
    whole.className = "link";
    whole.textContent = words.whole;
    whole.addEventListener("click", () => {
      zoomed.delete(series.id);
      plot.setScale("x", { min: data.from, max: data.to });
    });
    note.append(" ", whole);
    place.after(note);
    new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 260 })).observe(place);
  }

  if (!data.script) return;
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = data.style;
  const script = document.createElement("script");
  script.src = data.script;
  script.onload = () => document.querySelectorAll(".plot").forEach(draw);
  document.head.append(style, script);
})();

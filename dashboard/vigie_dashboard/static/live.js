// The live board: paints what the stream says, and says how fresh it is. The page is complete without it.
"use strict";
(() => {
  const root = document.documentElement;
  const LATE_S = 12; // as stream.js: by then it tries anew
  const FROZEN_S = Number(root.dataset.frozen ?? 120); // less on a wall, where nobody sees that it is late
  const BLANK_S = 600; // older figures would send people to full rooms
  const SAY_EVERY_MS = 10_000; // a screen reader is told at most one thing in so long
  const SAID_MS = 30_000; // and finds it for so long: later it may not be true any more
  const LISTED = 3; // more at once become their number

  const words = JSON.parse(document.getElementById("words").textContent);
  const byId = (id) => document.getElementById(id);
  const fresh = byId("fresh");
  const age = byId("age");
  const plural = (text, n) => text.replace("{n}", n);

  const texts = new Map(); // key → elements
  const attributes = new Map(); // key → [element, attribute]
  const values = new Map(); // what is shown, or would be were the page not paused
  for (const element of document.querySelectorAll("[data-f]")) {
    const key = element.dataset.f;
    texts.set(key, [...(texts.get(key) ?? []), element]);
    values.set(key, element.textContent);
  }
  for (const element of document.querySelectorAll("[data-a]")) {
    for (const pair of element.dataset.a.split(" ")) {
      const cut = pair.indexOf(":");
      const [name, key] = [pair.slice(0, cut), pair.slice(cut + 1)];
      attributes.set(key, [...(attributes.get(key) ?? []), [element, name]]);
      values.set(key, element.getAttribute(name) ?? "");
    }
  }

  const heard = stopwatch();
  let state = "still";
  let isLive = false; // the stream has spoken
  let isCut = false;
  let isPaused = false;
  let isBlank = false;
  let changed = new Set(); // while paused

  function show(key) {
    const value = values.get(key);
    for (const element of texts.get(key) ?? []) {
      const text = isBlank && value && element.closest(".fig") && !element.classList.contains("nt") ? "–" : value;
      if (element.textContent !== text) element.textContent = text;
    }
    for (const [element, name] of attributes.get(key) ?? []) {
      if (value === "") element.removeAttribute(name);
      else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
    }
  }

  function paint(fields) {
    if (fields["page.shape"]) isOutdated = fields["page.shape"] !== root.dataset.shape;
    if (isOutdated && reload()) return;
    for (const [key, value] of Object.entries(fields)) {
      const before = values.get(key);
      if (before === value) continue;
      values.set(key, value);
      if (isPaused) changed.add(key);
      else show(key);
      if (key === "say.outages") tell("assertive", before ?? "", value);
      if (key === "say.warnings") tell("polite", before ?? "", value);
      if (key === "say.taken") for (const line of added(before ?? "", value)) say("polite", line);
      if (key === "w.count") count();
    }
  }

  // A new day, an edited site file, a new version: the page itself is another one. Not twice in a minute; until then
  // what it has room for goes on being painted.
  let isOutdated = false;
  function reload() {
    return !isPaused && reloadAfter(60_000);
  }
  function reloadAfter(leastMs) {
    const last = Number(sessionStorage.getItem("reloaded") ?? 0);
    if (Date.now() - last < leastMs) return false;
    sessionStorage.setItem("reloaded", String(Date.now()));
    location.reload();
    return true;
  }

  // What came is told, and politely what went; what stayed was told before.
  function tell(how, before, now) {
    for (const line of added(before, now)) say(how, line);
    const gone = added(now, before);
    if (gone.length) say("polite", words.recovered.replace("{what}", gone.join(", ")));
  }

  function added(before, now) {
    const old = before.split("\n");
    return now.split("\n").filter((line) => line && !old.includes(line));
  }

  // A tab in the background tells how much is wrong.
  const title = document.title;
  function count() {
    const number = values.get("w.count");
    document.title = number ? `(${number}) ${title}` : title;
  }

  // Announcements: merged, and spaced out.
  const waiting = { polite: [], assertive: [] };
  let saidAt = -SAY_EVERY_MS;
  let sayTimer = null;
  let emptyTimer = null;
  function say(how, text) {
    if (!waiting[how].includes(text)) waiting[how].push(text);
    sayTimer ??= setTimeout(speak, Math.max(0, saidAt + SAY_EVERY_MS - performance.now()));
  }
  function speak() {
    saidAt = performance.now();
    const [how, other] = waiting.assertive.length ? ["assertive", "polite"] : ["polite", "assertive"];
    const many = waiting[how].length > LISTED ? `${plural(words.many, waiting[how].length)} ` : "";
    byId(how).textContent = many + waiting[how].slice(0, LISTED).join(". ").replaceAll("..", ".");
    waiting[how] = [];
    sayTimer = waiting[other].length ? setTimeout(speak, SAY_EVERY_MS) : null;
    clearTimeout(emptyTimer);
    emptyTimer = setTimeout(() => {
      for (const each of ["assertive", "polite"]) byId(each).textContent = "";
    }, SAID_MS);
  }

  function sinceWhen(silent) {
    return silent < 120 ? plural(words.sinceSeconds, silent) : plural(words.since, Math.floor(silent / 60));
  }

  function tick() {
    if (isOutdated) reload();
    const silent = Math.floor(heard.ms() / 1000);
    const next = silent >= FROZEN_S ? "lost" : isPaused ? "paused" : isCut ? "cut" : silent >= LATE_S ? "late" : isLive ? "live" : "still";
    const time = values.get("page.clock");
    const text = {
      still: values.get("page.as_of"),
      live: plural(words.live, silent),
      cut: plural(words.cut, silent),
      late: plural(words.late, silent),
      paused: words.paused.replace("{time}", pausedAt),
      lost: words.frozen.replace("{time}", time),
    }[next];
    if (age.textContent !== text) age.textContent = text;
    if (next === "lost") {
      const since = sinceWhen(silent);
      if (byId("frozen-since").textContent !== since) byId("frozen-since").textContent = since;
    }
    if (next !== state) enter(next, time);
    const blank = silent >= BLANK_S;
    if (blank !== isBlank) {
      isBlank = blank;
      if (blank) byId("frozen-from").textContent = words.noFigures.replace("{time}", time);
      root.classList.toggle("blank", blank);
      for (const key of texts.keys()) show(key);
    }
  }

  function enter(next, time) {
    const before = state;
    state = next;
    fresh.dataset.s = next;
    byId("fresh-word").textContent = { still: "", live: words.liveWord, cut: words.cutWord, late: words.lateWord, paused: words.pausedWord, lost: words.frozenWord }[next];
    root.classList.toggle("frozen", next === "lost");
    byId("frozen").hidden = next !== "lost";
    if (next === "lost") {
      byId("frozen-from").textContent = words.noAnswer.replace("{time}", time);
      say("assertive", `${sinceWhen(FROZEN_S)} ${words.noAnswer.replace("{time}", time)}`);
    } else if (before === "lost" && next === "live") say("polite", words.back);
  }

  const pauseButton = byId("pause");
  let pausedAt = "";
  function pause() {
    isPaused = !isPaused;
    pausedAt = values.get("page.clock");
    pauseButton.setAttribute("aria-pressed", String(isPaused));
    pauseButton.title = pauseButton.querySelector("span").textContent = isPaused ? words.resume : words.pause;
    if (!isPaused) {
      for (const key of changed) show(key);
      changed = new Set();
    }
    tick();
  }
  pauseButton.hidden = false;
  pauseButton.addEventListener("click", pause);

  // A shortcut of one letter must be possible to turn off: speech input would trip over it.
  const keysButton = byId("keys");
  let hasKeys = localStorage.getItem("keys") !== "off";
  function showKeys() {
    if (keysButton) keysButton.textContent = hasKeys ? words.keyOn : words.keyOff;
    if (hasKeys) pauseButton.setAttribute("aria-keyshortcuts", "P");
    else pauseButton.removeAttribute("aria-keyshortcuts");
  }
  if (keysButton) keysButton.hidden = false;
  keysButton?.addEventListener("click", () => {
    hasKeys = !hasKeys;
    localStorage.setItem("keys", hasKeys ? "on" : "off");
    showKeys();
  });
  showKeys();
  document.addEventListener("keydown", (event) => {
    if (!hasKeys || event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== "p") return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    pause();
  });

  function receive({ kind, data, silentMs }) {
    if (kind === "out") reloadAfter(10_000); // the gateway then says where one is let in
    isCut = kind === "cut" || kind === "out";
    if (!isCut) {
      heard.restart(silentMs);
      isLive = true;
      if (kind !== "b") paint(data.fields ?? data);
    }
    tick();
  }

  const url = new URL(root.dataset.events, location.href).href;
  if ("SharedWorker" in window) {
    const worker = new SharedWorker(byId("stream").src, { name: url });
    worker.port.onmessage = ({ data }) => receive(data);
    worker.port.postMessage({ url });
    // A page that leaves says so; one that comes back out of the browser's cache joins again.
    addEventListener("pagehide", () => worker.port.postMessage({ leave: true }));
    addEventListener("pageshow", (event) => event.persisted && location.reload());
  } else {
    let stream = openStream(url, receive);
    document.addEventListener("visibilitychange", () => {
      stream.close();
      if (!document.hidden) stream = openStream(url, receive);
    });
  }
  count();
  setInterval(tick, 1000);
})();

// A screen on a wall, which nobody touches: dark when the place is closed, all rooms in turn where they do not fit,
// loaded anew each night, gone to the second address when its gateway is silent, and heard when there is an outage, if
// asked to. live.js does the rest. Also on the page of a screen that waits to be let in, where nothing is live.
"use strict";
(() => {
  const SECOND_MS = 600_000; // shorter leaves at every restart of a router; longer shows dashes for nothing
  const TRY_MS = 60_000;
  const SPREAD_MS = 600_000; // all kiosks of a place do not load at once
  const TURN_MS = 10_000; // of rooms that do not fit: shorter than it takes to read them, longer than one waits
  const PAUSE_MS = 900_000; // nobody comes back to a wall to end a pause
  const HEARD_MS = 300_000; // nobody has it in hand: shorter drives people mad, longer lets them forget it
  const PINNED = 0.7; // share of the table for rooms that need attention: more leaves no turn to the others

  const root = document.documentElement;
  const { night, chosen, second } = root.dataset;
  const fresh = document.getElementById("fresh");
  const loaded = performance.now();
  const nightMs = night * 1000 + Math.random() * SPREAD_MS;
  const since = {}; // by what lasts
  let triedAt = loaded;

  // Gone to only when it answers: from a browser's own error page nothing leads back.
  async function answers(address) {
    try {
      await fetch(address, { mode: "no-cors", cache: "no-store" });
      return true;
    } catch {
      return false;
    }
  }

  async function trySecond() {
    if (await answers(new URL("/kiosk/alive", second))) location.assign(new URL(`/kiosk${location.search}`, second));
  }

  async function loadAgain() {
    if (await answers("/kiosk/alive")) location.reload();
  }

  const pause = document.getElementById("pause");
  const isPaused = () => pause.getAttribute("aria-pressed") === "true"; // a page that is lost may be paused too

  function lasted(what, isSo, at) {
    since[what] = isSo ? (since[what] ?? at) : null;
    return isSo ? at - since[what] : 0;
  }

  const table = document.getElementById("rooms");
  const rows = [...(table?.querySelectorAll("tbody tr") ?? [])];
  const turn = document.getElementById("turn");
  const words = turn && JSON.parse(document.getElementById("words").textContent);
  let [turnedAt, offset, step] = [loaded, 0, 0];

  // As many as fit, those first that need attention; the others take turns.
  function showRooms(at) {
    const isWhole = () => table.scrollHeight <= table.clientHeight + 1;
    if (turn.hidden && isWhole()) return;
    for (const row of rows) row.hidden = false;
    turn.hidden = true;
    if (isWhole()) return;
    turn.hidden = false;
    turn.textContent ||= words.turn;
    if (at - turnedAt > TURN_MS && !isPaused()) [turnedAt, offset] = [at, offset + step];
    const tall = new Map(rows.map((row) => [row, row.offsetHeight]));
    const fitting = (list, space) => {
      const end = list.findIndex((row) => (space -= tall.get(row)) < 0);
      return end < 0 ? list : list.slice(0, end);
    };
    const heading = table.querySelector("tbody").offsetTop;
    const space = table.clientHeight - heading - turn.offsetHeight - parseFloat(getComputedStyle(table).paddingBottom);
    const first = rows.filter((row) => "first" in row.dataset);
    const pinned = fitting(first, space * PINNED);
    const others = rows.filter((row) => !pinned.includes(row)).sort((a, b) => first.includes(b) - first.includes(a));
    const from = offset % others.length;
    const left = pinned.reduce((rest, row) => rest - tall.get(row), space);
    const next = fitting([...others.slice(from), ...others.slice(0, from)], left);
    const shown = [...pinned, ...next];
    for (const row of rows) row.hidden = !shown.includes(row);
    const body = table.querySelector("tbody");
    if (shown.some((row, index) => body.rows[index] !== row)) body.prepend(...shown);
    // Columns are as wide as what is shown needs, so that a name may now take two lines.
    while (!isWhole() && shown.length > 1) shown.pop().hidden = true;
    step = Math.max(1, shown.length - pinned.length);
    turn.textContent = words.turn.replace("{shown}", shown.length).replace("{all}", rows.length);
  }

  // Two falling tones, made here: no file, and it is heard without internet.
  let audio = null;
  const heard = new Map(); // by its line, when
  const lines = (id) => (document.getElementById(id)?.textContent ?? "").split("\n").filter(Boolean);
  function sound() {
    for (const [index, pitch] of [880, 660].entries()) {
      const [tone, level] = [audio.createOscillator(), audio.createGain()];
      const from = audio.currentTime + index * 0.35;
      tone.frequency.value = pitch;
      level.gain.setValueAtTime(0.0001, from);
      level.gain.exponentialRampToValueAtTime(0.4, from + 0.03);
      level.gain.exponentialRampToValueAtTime(0.0001, from + 0.32);
      tone.connect(level).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.34);
    }
    root.dataset.sounded = Number(root.dataset.sounded ?? 0) + 1;
  }

  // An outage that nobody has in hand is heard at once, and every few minutes; a breaker that comes and goes no more often.
  // In opening hours alone, and not while what is shown may be long over.
  function listen(at) {
    if ("closed" in root.dataset || isPaused() || fresh.dataset.s === "lost" || audio.state !== "running") return;
    const taken = lines("taken");
    const idle = lines("outages").filter((line) => !taken.some((said) => said.endsWith(line)));
    if (idle.every((line) => at - (heard.get(line) ?? -Infinity) <= HEARD_MS)) return;
    for (const line of idle) heard.set(line, at);
    sound();
  }
  if ("loud" in root.dataset) {
    audio = new AudioContext();
    const button = document.getElementById("sound");
    const show = () => (button.hidden = audio.state === "running");
    button.addEventListener("click", () => audio.resume());
    audio.addEventListener("statechange", show);
    show();
  }

  function tick() {
    const at = performance.now();
    if (audio) listen(at);
    const lostMs = lasted("lost", (fresh?.dataset.s ?? "lost") === "lost", at);
    if (second && lostMs > SECOND_MS && at - triedAt > TRY_MS) {
      triedAt = at;
      trySecond();
    }
    if (!fresh) return;
    const theme = chosen || ("closed" in root.dataset ? "dark" : "light");
    if (root.dataset.theme !== theme) root.dataset.theme = theme;
    if (lasted("paused", isPaused(), at) > PAUSE_MS) pause.click();
    if (fresh.dataset.s === "live" && at - loaded > nightMs && at - triedAt > TRY_MS) {
      triedAt = at;
      loadAgain();
    }
    if (rows.length) showRooms(at);
  }
  setInterval(tick, 1000);
  tick();
})();

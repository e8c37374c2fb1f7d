// A board on a wall, which nobody touches: dark when the place is closed, loaded anew each night, and gone to the second
// address when its gateway is silent. live.js does the rest.
"use strict";
(() => {
  const SECOND_MS = 600_000; // shorter leaves at every restart of a router; longer shows dashes for nothing
  const TRY_MS = 60_000;
  const HOUR_MS = 3_600_000; // all kiosks of a place do not load at once

  const root = document.documentElement;
  const { night, now, chosen, second } = root.dataset;
  const loaded = performance.now();
  const nightMs = (night - now) * 1000 + 60_000 + Math.random() * (HOUR_MS - 60_000);
  const fresh = document.getElementById("fresh");
  let lostAt = null;
  let triedAt = 0;

  // Gone to only when it answers: from a browser's own error page nothing leads back.
  async function trySecond() {
    try {
      await fetch(new URL("/kiosk/alive", second), { mode: "no-cors", cache: "no-store" });
    } catch {
      return;
    }
    location.assign(new URL(location.pathname + location.search, second));
  }

  function tick() {
    const at = performance.now();
    const theme = chosen || ("closed" in root.dataset ? "dark" : "light");
    if (root.dataset.theme !== theme) root.dataset.theme = theme;
    if (fresh.dataset.s === "lost") lostAt ??= at;
    else lostAt = null;
    if (fresh.dataset.s === "live" && at - loaded > nightMs) location.reload();
    if (second && lostAt !== null && at - lostAt > SECOND_MS && at - triedAt > TRY_MS) {
      triedAt = at;
      trySecond();
    }
  }
  setInterval(tick, 1000);
})();

// The bar of a rehearsal that is under way: asked for once a second, until it has ended and the page is loaded again with
// its result. Without this the link below the bar does the same.
"use strict";
(() => {
  const EVERY_MS = 1000;
  const bar = document.querySelector("progress[data-rehearsal]");
  if (!bar) return;
  const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
  const label = document.getElementById("progress-label");
  const text = document.getElementById("progress-text");
  const look = async () => {
    try {
      const answer = await fetch(bar.dataset.rehearsal, { headers: { accept: "application/json" } });
      if (answer.ok) {
        const now = await answer.json();
        if (!now.is_under_way) return location.reload();
        if (now.state === "running") label.textContent = label.dataset.running;
        bar.value = now.share;
        text.textContent = percent.format(now.share);
      }
    } catch {
      // The network is away, perhaps because of the rehearsal itself.
    }
    setTimeout(look, EVERY_MS);
  };
  setTimeout(look, EVERY_MS);
})();

// A screen on a wall that waits to be let in: asks until it is, then shows the board. kiosk.js does the rest.
"use strict";
(() => {
  const ASK_MS = 3_000; // longer leaves an administrator in front of a code that was typed; shorter asks for nothing

  async function ask() {
    try {
      const answer = await fetch("/kiosk/wait", { method: "POST", cache: "no-store" });
      const { state } = await answer.json();
      if (state === "in") location.replace(`/kiosk${location.search}`);
      if (state === "unknown") location.reload();
    } catch {
      // nobody is there, or too busy: asked again
    }
  }
  setInterval(ask, ASK_MS);
})();

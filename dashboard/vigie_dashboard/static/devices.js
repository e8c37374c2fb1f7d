// The list of devices while it is looked at: one that was just switched on appears by itself, and what each says goes
// on. A card in which the keyboard is stays as it is. Without this, the link at the top loads the page again.
"use strict";
(() => {
  const EVERY_MS = 3_000; // longer keeps somebody waiting in front of a plug; shorter asks for nothing
  const SPARED = 20; // a gateway is busy with a long list for this part of the time at most
  const list = document.getElementById("list");
  const follow = document.getElementById("follow");
  if (!list || !follow) return;
  follow.closest("p").hidden = false;

  const named = (card) => card.querySelector("h2").textContent;

  function take(cards) {
    const news = [];
    cards.forEach((card, at) => {
      const before = document.getElementById(card.id);
      if (!before) {
        list.insertBefore(card, list.children[at] ?? null);
        news.push(named(card));
      } else if (before.textContent !== card.textContent && !before.contains(document.activeElement)) {
        const [was, is] = [before.querySelector("details"), card.querySelector("details")];
        if (was && is) is.open = was.open;
        before.replaceWith(card);
      }
    });
    const there = new Set(cards.map((card) => card.id));
    for (const card of [...list.children])
      if (!there.has(card.id) && !card.contains(document.activeElement)) card.remove();
    document.getElementById("none").hidden = list.children.length > 0;
    list.hidden = list.children.length === 0;
    if (news.length) document.getElementById("news").textContent = `${list.dataset.new} ${news.join(", ")}`;
  }

  async function look() {
    const begun = performance.now();
    if (follow.checked && !document.hidden) {
      try {
        const answer = await fetch(location.href, { headers: { accept: "text/html" }, cache: "no-store" });
        const text = await answer.text();
        const found = new DOMParser().parseFromString(text, "text/html").getElementById("list");
        if (answer.ok && !found) return location.reload(); // signed out, or another version
        if (answer.ok && follow.checked) take([...found.children]);
      } catch {
        // nobody is there: asked again
      }
    }
    setTimeout(look, Math.max(EVERY_MS, SPARED * (performance.now() - begun)));
  }
  setTimeout(look, EVERY_MS);
})();

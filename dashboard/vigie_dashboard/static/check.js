// "Will it fit?", a little quicker: the same page is fetched and its answer put in place, so that what was typed and the
// place on the page stay, and a changed verdict is told once. Without this, the form and its links do the same by loading.
(() => {
  "use strict";
  const polite = document.getElementById("polite");
  let asked = 0;

  const verdict = () => {
    const heading = document.getElementById("h-verdict");
    return heading === null ? "" : `${heading.textContent}. ${heading.nextElementSibling.textContent}`;
  };

  const show = async (address, isNew) => {
    const turn = ++asked;
    const before = verdict();
    let page;
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" }, credentials: "same-origin" });
      page = new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch {
      location.assign(address);
      return;
    }
    if (turn !== asked) return;
    if (page.getElementById("ask") === null) {
      location.assign(address);
      return;
    }
    const focused = document.activeElement?.id || "";
    for (const id of ["ask", "answer"]) document.getElementById(id).replaceWith(page.getElementById(id));
    document.querySelector(".foot")?.replaceWith(page.querySelector(".foot"));
    document.title = page.title;
    if (isNew) history.pushState({}, "", address);
    prepare();
    const back = focused && document.getElementById(focused);
    const wrong = document.querySelector("#ask [aria-invalid]");
    (wrong || back || document.getElementById("check-it"))?.focus({ preventScroll: !wrong });
    const now = verdict();
    if (now && now !== before) polite.textContent = now;
    else polite.textContent = "";
  };

  const prepare = () => {
    const form = document.getElementById("ask");
    if (form === null) return;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      show(`/check?${new URLSearchParams(new FormData(form))}`, true);
    });
    const people = document.getElementById("f-people");
    for (const button of form.querySelectorAll("[data-step]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const now = Number.parseInt(people.value, 10) || 0;
        people.value = String(Math.min(Number(people.dataset.most), Math.max(1, now + Number(button.dataset.step))));
      });
    }
    for (const link of document.querySelectorAll("a.try[href^='?']")) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        show(link.href, true);
      });
    }
    const print = document.getElementById("print");
    if (print !== null) {
      print.hidden = false;
      print.addEventListener("click", () => window.print());
    }
  };

  window.addEventListener("popstate", () => show(location.href, false));
  prepare();
})();

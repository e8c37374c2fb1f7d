// Every page of the set-up: who leaves it by another way than its buttons is asked first, for what was typed or drawn since
// it was loaded has not been sent.
"use strict";
(() => {
  const form = document.querySelector("form[id^=setup-]");
  if (!form) return;
  const typed = () => new URLSearchParams(new FormData(form)).toString();
  const loaded = typed();
  let isSent = false;
  form.addEventListener("submit", () => (isSent = true));
  addEventListener("beforeunload", (event) => {
    if (!isSent && typed() !== loaded) event.preventDefault();
  });
  // Back from the next page by the browser's own button, the page is as it was left.
  addEventListener("pageshow", () => (isSent = false));
})();

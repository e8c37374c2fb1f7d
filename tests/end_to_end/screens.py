"""What a page must hold on every screen: asked of it in a real browser, answered in lines about what is wrong."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

NOTE_BREACHES = """
  window.breaches = [];
  addEventListener("securitypolicyviolation", found => breaches.push(found.violatedDirective + " " + found.blockedURI));
"""
"""Chromium logs breaches too, but not those of a policy that only reports."""

LOST = """() => {
  const lost = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const holder = node.parentElement;
    const isDrawn = holder.closest("svg, [role=application], [aria-hidden=true], .vh, script, style, option");
    if (!node.data.trim() || isDrawn || !holder.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    for (let box = holder; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box), edge = box.getBoundingClientRect();
      const hides = each => each === "hidden" || each === "clip";
      if ((hides(style.overflowX) && (text.right > edge.right + 1 || text.left < edge.left - 1))
          || (hides(style.overflowY) && (text.bottom > edge.bottom + 2 || text.top < edge.top - 2)))
        lost.push(`"${node.data.trim().slice(0, 40)}" is cut off by <${box.localName} class="${box.className}">`);
    }
  }
  return lost;
}"""
"""Texts that reach out of a box which neither grows nor scrolls. Not those of a drawing: its fields say the same."""

WATCH_FOCUS = """() => {
  const all = [...document.querySelectorAll("*")];
  const named = each => `${all.indexOf(each)} ${each.outerHTML.slice(0, 90).replace(/ class="[^"]*"/, "")}`;
  window.stops = [];
  window.isRound = false;
  let first = null, last = null;
  addEventListener("focusin", ({target}) => {
    if (target === first) { isRound = true; return; }
    first ??= target;
    const isInOrder = !last || Boolean(last.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING);
    last = target;
    const style = getComputedStyle(target), ring = target.querySelector(".ring");
    const sides = (target.matches("[type=checkbox], [type=radio]") && target.closest("label") || target)
      .getBoundingClientRect();
    const isSeen = style.outlineStyle === "auto" || ring && getComputedStyle(ring).stroke !== "none"
      || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    stops.push({what: named(target), isSeen, side_px: Math.min(sides.width, sides.height), isInOrder});
  });
  document.activeElement.blur();
  // Of radio buttons one is reached, and arrows go from it to the others: the chosen one, else the first.
  const group = each => [...document.querySelectorAll(`[type=radio][name="${each.name}"]`)];
  const isReached = each => each.type !== "radio" || each.checked
    || !group(each).some(one => one.checked) && each === group(each)[0];
  return all.filter(each => each.matches("a[href], button, input, select, textarea, summary, [tabindex]")
    && each.tabIndex >= 0 && !each.disabled && isReached(each) && each.checkVisibility({visibilityProperty: true})
    && !each.closest("[role=application]")).map(named); // a drawing makes its parts anew when one is chosen
}"""
"""Notes each stop of the keyboard once; returns what it can come to."""
IS_ROUND = "isRound || document.activeElement === document.body"
LEAST_TARGET_PX = 24
"""WCAG 2.2, 2.5.8."""
MOST_PRESSES = 400
"""Of the key. A date has a stop a part; a page with so many would be a fault by itself."""


class Watch:
    """Notes what pages of a context log, break and ask of other hosts."""

    def __init__(self, context: BrowserContext, home: str) -> None:
        self._home = home
        self._noted: list[str] = []
        context.add_init_script(NOTE_BREACHES)
        context.on("request", self._asked)
        context.on("console", self._logged)
        context.on("weberror", lambda error: self._noted.append(f"error: {error.error}"))

    def noted(self, page: Page) -> list[str]:
        """What there was since the last call."""
        found = self._noted + [f"policy: {each}" for each in page.evaluate("breaches.splice(0)")]
        self._noted = []
        return found

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((f"{self._home}/", "data:")):
            self._noted.append(f"foreign: {request.url}")

    def _logged(self, message: ConsoleMessage) -> None:
        # Of a page with another status than 200 Chromium logs the status, at the page's own address.
        is_own_status = message.text.startswith("Failed to load resource") and message.page is not None
        if not (is_own_status and message.location["url"] == message.page.url):  # type: ignore[union-attr]  # as above
            self._noted.append(f"console: {message.text}")


def lost_texts(page: Page) -> list[str]:
    """Texts that are cut off."""
    return [str(each) for each in page.evaluate(LOST)]


def walk_by_keyboard(page: Page) -> list[str]:
    """Go through a page with the tabulator key; what is wrong with its stops.

    In the order of the document, each seen, large enough to be hit, and every one that there is reached.
    """
    expected = page.evaluate(WATCH_FOCUS)
    for _ in range(MOST_PRESSES):
        page.keyboard.press("Tab")
        if page.evaluate(IS_ROUND):
            break
    stops = page.evaluate("stops")
    wrong = [f"not seen when reached: {stop['what']}" for stop in stops if not stop["isSeen"]]
    wrong += [
        f"a target of {stop['side_px']:.0f} px: {stop['what']}"
        for stop in stops
        if round(stop["side_px"]) < LEAST_TARGET_PX
    ]
    wrong += [f"reached out of order: {stop['what']}" for stop in stops if not stop["isInOrder"]]
    if missed := set(expected) - {stop["what"] for stop in stops}:
        wrong.append(f"never reached: {missed}")
    return wrong

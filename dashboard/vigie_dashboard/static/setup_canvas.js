// What the drawings of the set-up share: rows of fields, and a sheet of squares above them. The fields are the only
// state: a drawing is made from what stands in them and writes into them, so that both are always in step and the form
// is sent as it would be without this script. Loaded before setup_rooms.js or setup_doors.js; docs/setup.md.
"use strict";

// How many steps can be undone: an afternoon's drawing. Each keeps the texts of one form.
const UNDO_STEPS = 200;
// A held arrow key is told once it has come to rest; sooner interrupts itself, later seems to say nothing.
const SAY_AFTER_MS = 400;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SVG = "http://www.w3.org/2000/svg";

const clamp = (value, least, most) => Math.min(Math.max(value, least), most);
const tidy = (value) => Number(value.toFixed(3));

// {places} of a text of the page's language; what is put in stays text, whatever it holds.
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_whole, name) => String(values[name]));

function made(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// The rows of a table whose fields are named {prefix}-{n}-{what}: read, written, added, taken out, put back.
function fieldRows(prefix, table) {
  const body = table.tBodies[0];
  const template = document.getElementById("plan-row");
  const numbered = new RegExp(`\\b${prefix}-\\d+-`, "g");
  const fields = (row) => [...row.querySelectorAll("input, select")];
  const field = (row, what) => row.querySelector(`[name^="${prefix}-"][name$="-${what}"]`);

  // Numbers follow the order, so that a form with a row less is the form that the server would have made.
  function renumber() {
    [...body.rows].forEach((row, n) => {
      for (const element of row.querySelectorAll("*")) {
        for (const name of ["name", "id", "for", "aria-describedby", "aria-labelledby"]) {
          if (element.hasAttribute(name)) element.setAttribute(name, element.getAttribute(name).replace(numbered, `${prefix}-${n}-`));
        }
      }
      for (const button of row.querySelectorAll("button[name=remove]")) button.value = String(n);
    });
  }

  const values = () => [...body.rows].map((row) => [row, fields(row).map((each) => each.value)]);
  const isSame = (some, others) =>
    some.length === others.length && some.every(([row, texts], n) => row === others[n][0] && texts.every((text, i) => text === others[n][1][i]));
  const restore = (kept) => {
    body.replaceChildren(...kept.map(([row]) => row));
    for (const [row, texts] of kept) fields(row).forEach((each, i) => (each.value = texts[i]));
    renumber();
  };
  const past = [];
  let present = values();

  return {
    field,
    all: () => [...body.rows],
    text: (row, what) => field(row, what)?.value.trim() ?? "",
    // Null for what is no number.
    number(row, what) {
      const text = field(row, what)?.value.trim().replace(",", ".") ?? "";
      return /^\d{1,9}(\.\d+)?$/.test(text) ? Number(text) : null;
    },
    write(row, values) {
      for (const [what, value] of Object.entries(values)) field(row, what).value = typeof value === "number" ? String(tidy(value)) : value;
    },
    add() {
      const row = template.content.querySelector("tr").cloneNode(true);
      const n = body.rows.length + 1;
      for (const element of row.querySelectorAll("[aria-label]")) element.setAttribute("aria-label", filled(element.getAttribute("aria-label"), { n }));
      for (const button of row.querySelectorAll("button .vh")) button.textContent = filled(button.textContent, { n });
      body.append(row);
      renumber();
      return row;
    },
    remove(row) {
      row.remove();
      renumber();
    },
    // What was done since the last time becomes one step that can be undone.
    commit() {
      const now = values();
      if (isSame(now, present)) return;
      past.push(present);
      if (past.length > UNDO_STEPS) past.shift();
      present = now;
    },
    // Give up what was done since the last commit.
    revert: () => restore(present),
    undo() {
      if (!past.length) return false;
      present = past.pop();
      restore(present);
      return true;
    },
    canUndo: () => past.length > 0,
  };
}

// The sheet: squares, a picture below them, room for shapes above. Positions are in the plan's own units.
function planSheet(editor, form, words) {
  const sheet = made("div", { class: "plan-sheet", role: "application", "aria-label": words.sheet, "aria-describedby": "plan-how" });
  const grid = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["preserveAspectRatio", "none"], ["aria-hidden", "true"], ["class", "plan-grid"]]) grid.setAttribute(name, value);
  const path = (kind) => {
    const element = document.createElementNS(SVG, "path");
    element.setAttribute("class", kind);
    grid.append(element);
    return element;
  };
  const thin = path("thin");
  const thick = path("thick");
  sheet.append(grid);
  const status = made("p", { class: "plan-said", role: "status" });
  const tools = made("div", { class: "plan-tools" });
  const size = { width: 0, height: 0, step: 1 };
  let timer = 0;

  function lines(every) {
    let data = "";
    for (let x = every; x < size.width; x += every) data += `M${x} 0V${size.height}`;
    for (let y = every; y < size.height; y += every) data += `M0 ${y}H${size.width}`;
    return data;
  }

  // Of the plan, from the form: as wide as the page, but the whole of it at once on the screen; its squares square.
  function resize(width, height, step) {
    Object.assign(size, { width, height, step });
    sheet.style.aspectRatio = `${width} / ${height}`;
    sheet.style.maxInlineSize = `${(70 * width) / height}vh`;
    grid.setAttribute("viewBox", `0 0 ${width} ${height}`);
    thin.setAttribute("d", lines(step));
    thick.setAttribute("d", lines(step * 5));
  }

  const data = form.dataset;
  resize(Number(data.gridWidth), Number(data.gridHeight), Number(data.gridStep ?? 1));
  editor.append(made("p", { id: "plan-how", class: "plan-how" }, words.how), tools, sheet, status);
  if (form.dataset.picture) editor.append(tracing(sheet, form.dataset.picture, words));

  return {
    sheet,
    tools,
    size,
    path,
    resize,
    // A shape that fills its element, from corners as shares of it.
    outline(corners) {
      const drawn = document.createElementNS(SVG, "svg");
      for (const [name, value] of [["viewBox", "0 0 1 1"], ["preserveAspectRatio", "none"], ["aria-hidden", "true"]]) drawn.setAttribute(name, value);
      const polygon = document.createElementNS(SVG, "polygon");
      polygon.setAttribute("points", corners.map((corner) => corner.join(",")).join(" "));
      drawn.append(polygon);
      return drawn;
    },
    // Where an event is.
    at(event) {
      const box = sheet.getBoundingClientRect();
      return {
        x: ((event.clientX - box.left - sheet.clientLeft) / sheet.clientWidth) * size.width,
        y: ((event.clientY - box.top - sheet.clientTop) / sheet.clientHeight) * size.height,
      };
    },
    place(element, box) {
      const share = (value, whole) => `${(value / whole) * 100}%`;
      const { width, height } = size;
      Object.assign(element.style, { left: share(box.x, width), top: share(box.y, height), width: share(box.width, width), height: share(box.height, height) });
    },
    // The nearest line of the squares, or one of `others`, which win: rooms are drawn wall to wall.
    snap(value, others = []) {
      const line = Math.round(value / size.step) * size.step;
      return [line, ...others].reduce((best, other) => (Math.abs(other - value) <= Math.abs(best - value) ? other : best));
    },
    // Whether one of the smaller rooms lies where a room's name would stand: it then stands below.
    isCornerTaken: (box, smaller) => smaller.some((other) => other.x < box.x + 4 * size.step && other.y < box.y + 2 * size.step && other.x + other.width > box.x && other.y + other.height > box.y),
    say(text) {
      clearTimeout(timer);
      timer = setTimeout(() => (status.textContent = text), SAY_AFTER_MS);
    },
    button(text, act) {
      const button = made("button", { type: "button", class: "btn" }, text);
      button.addEventListener("click", act);
      tools.append(button);
      return button;
    },
    // follow(position) for each move from this event on; done(isKept) when it is let go, or given up with Escape.
    drag(event, follow, done) {
      const end = (isKept) => {
        sheet.removeEventListener("pointermove", move);
        sheet.removeEventListener("pointerup", up);
        sheet.removeEventListener("pointercancel", cancel);
        document.removeEventListener("keydown", escape, true);
        done(isKept);
      };
      const own = (act) => (other) => other.pointerId === event.pointerId && act(other);
      const move = own((other) => follow(this.at(other)));
      const up = own(() => end(true));
      const cancel = own(() => end(false));
      const escape = (other) => {
        if (other.key !== "Escape") return;
        other.preventDefault();
        end(false);
      };
      // A field that was typed in keeps the focus, and has told of no change yet.
      document.activeElement.dispatchEvent(new Event("change", { bubbles: true }));
      event.preventDefault();
      sheet.setPointerCapture(event.pointerId);
      sheet.addEventListener("pointermove", move);
      sheet.addEventListener("pointerup", up);
      sheet.addEventListener("pointercancel", cancel);
      document.addEventListener("keydown", escape, true);
    },
  };
}

// The drawing follows its fields: typing, the form's own buttons, Ctrl+Z outside of fields.
function followFields(form, table, rows, does) {
  table.addEventListener("input", does.render);
  table.addEventListener("change", () => {
    rows.commit();
    does.render();
  });
  table.addEventListener("focusin", (event) => does.choose(event.target.closest("tbody tr")));
  form.addEventListener("click", (event) => {
    const button = event.target.closest("button[name=add], button[name=remove]");
    if (!button) return;
    event.preventDefault();
    if (button.name === "remove") does.remove(button.closest("tr"));
    else does.add();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target.matches("input:not([type=range]), textarea, select");
    if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== "z" || isTyping) return;
    event.preventDefault();
    does.undo();
  });
}

// The picture to trace over. Where it lies is kept by this browser alone, for it is no part of the place.
function tracing(sheet, url, words) {
  const picture = made("img", { src: url, alt: "", draggable: "false" });
  sheet.prepend(made("div", { class: "plan-picture" }, picture));
  const settings = { opacity: 50, width: 100, x: 0, y: 0 };
  const KEPT = "vigie-plan-picture";
  try {
    Object.assign(settings, JSON.parse(localStorage.getItem(KEPT) ?? "{}"));
  } catch {
    // This browser keeps nothing: the picture lies as at first.
  }
  const lay = () => {
    const { opacity, width, x, y } = settings;
    Object.assign(picture.style, { opacity: String(opacity / 100), width: `${width}%`, left: `${x}%`, top: `${y}%` });
  };
  const keep = () => {
    try {
      localStorage.setItem(KEPT, JSON.stringify(settings));
    } catch {
      // As above.
    }
  };
  const group = made("fieldset", { class: "plan-trace" }, made("legend", {}, words.picture));
  for (const [what, least, most] of [["opacity", 0, 100], ["width", 10, 300], ["x", -150, 150], ["y", -150, 150]]) {
    const input = made("input", { type: "range", min: least, max: most, step: 1 });
    input.value = String(settings[what]);
    input.addEventListener("input", () => {
      settings[what] = Number(input.value);
      lay();
    });
    input.addEventListener("change", keep);
    group.append(made("label", {}, made("span", {}, words[`picture_${what}`]), input));
  }
  lay();
  return group;
}

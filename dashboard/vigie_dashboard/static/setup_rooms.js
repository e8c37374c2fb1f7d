// The rooms of the set-up drawn as rectangles: drag on the sheet to draw one, drag it to move it, its corners to resize
// it; or the arrow keys; or the number fields below, which say the same (docs/setup.md).
"use strict";
(() => {
  const form = document.querySelector("form[data-grid-width]");
  const editor = document.getElementById("plan-editor");
  const table = document.getElementById("plan-rooms");
  if (!form || !editor || !table) return;
  const { words, name: named, outlines } = JSON.parse(document.getElementById("plan-data").textContent);
  const plural = new Intl.PluralRules(document.documentElement.lang);
  const rows = fieldRows("rooms", table);
  const canvas = planSheet(editor, form, words);
  const { sheet, size } = canvas;

  // As many squares as the server gives to a new room.
  const FIRST_WIDTH = 8;
  const FIRST_HEIGHT = 6;
  // Of a square, how far a wall reaches into its room. More makes small rooms hard to catch; less, walls hard to hit.
  const WALL_SHARE = 0.4;
  const CORNERS = ["nw", "ne", "sw", "se"];
  // Rooms of the file that are no rectangle, by id: their corners as shares of the box, with which they stretch.
  const outlineOf = new Map(outlines);

  const boxOf = (row) => {
    const [x, y, width, height] = ["x", "y", "width", "height"].map((what) => rows.number(row, what));
    return x === null || y === null || !width || !height ? null : { x, y, width, height };
  };
  const nameOf = (row) => rows.text(row, named) || rows.text(row, "name_fr") || rows.text(row, "name_en") || filled(words.unnamed, { n: rows.all().indexOf(row) + 1 });
  const seatsOf = (row) => {
    const seats = rows.number(row, "seats");
    if (seats === null) return "";
    if (seats === 0) return words.passage;
    return filled(plural.select(seats) === "one" ? words.seat : words.seats, { n: seats });
  };
  const within = (box) => {
    const [width, height] = [Math.min(box.width, size.width), Math.min(box.height, size.height)];
    return { x: clamp(box.x, 0, size.width - width), y: clamp(box.y, 0, size.height - height), width, height };
  };
  const contains = (outer, inner) =>
    outer.x <= inner.x && outer.y <= inner.y && outer.x + outer.width >= inner.x + inner.width && outer.y + outer.height >= inner.y + inner.height;
  const overlaps = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
  // One inside the other is as it should be: a booth in a hall.
  const isNested = (a, b) => contains(a, b) !== contains(b, a);
  const unplaced = () => rows.all().filter((row) => !boxOf(row));
  // Where other rooms begin and end, along x or y.
  const walls = (row, at, length) => rows.all().filter((other) => other !== row).map(boxOf).filter(Boolean).flatMap((box) => [box[at], box[at] + box[length]]);

  const shapes = new Map();
  let chosen = null;
  const draft = made("div", { class: "plan-draft", hidden: "" });
  const waiting = made("p", { class: "plan-waiting" });
  const warnings = made("ul", { class: "plan-warnings" });
  sheet.append(draft);
  // Name and seats of the chosen room, beside the drawing: the same fields again, so that nobody has to scroll for each.
  const own = made("div", { class: "plan-own" });
  const inputs = ["name", "seats"].map((what) => {
    const input = made("input", { autocomplete: "off", ...(what === "seats" ? { inputmode: "numeric" } : {}) });
    const fieldOf = (row) => (what === "name" ? nameField(row) : rows.field(row, "seats"));
    own.append(made("label", {}, made("span", {}, words[`own_${what}`]), input));
    input.addEventListener("input", () => {
      fieldOf(chosen).value = input.value;
      render();
    });
    input.addEventListener("change", () => rows.commit());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      rows.commit();
      render();
      shapes.get(chosen)?.focus();
    });
    return { input, fieldOf };
  });
  const [nameInput] = inputs.map(({ input }) => input);
  canvas.tools.after(own);
  sheet.after(made("div", { role: "status" }, warnings), waiting);

  const draw = canvas.button(words.draw, () => aim(!isAiming()));
  canvas.button(words.add, () => placed(unplaced()[0] ?? rows.add(), freeBox()));
  const removal = canvas.button(words.remove, () => chosen && takeOut(chosen));
  const undoing = canvas.button(words.undo, undo);

  // Pressed: the next drag draws a room wherever it begins, so also inside another one.
  const isAiming = () => draw.getAttribute("aria-pressed") === "true";
  const aim = (isOn) => draw.setAttribute("aria-pressed", String(isOn));

  // The first gap, row by row; the upper left corner where the sheet is full.
  function freeBox() {
    const taken = rows.all().map(boxOf).filter(Boolean);
    const [width, height] = [FIRST_WIDTH * size.step, FIRST_HEIGHT * size.step];
    for (let y = 0; y + height <= size.height; y += size.step) {
      for (let x = 0; x + width <= size.width; x += size.step) {
        const box = { x, y, width, height };
        if (!taken.some((other) => overlaps(box, other))) return box;
      }
    }
    return { x: 0, y: 0, width, height };
  }

  function placed(row, box) {
    rows.write(row, within(box));
    rows.commit();
    choose(row);
    render();
    tell(row);
    if (nameField(row).value) shapes.get(row).focus();
    else nameInput.focus();
  }
  const nameField = (row) => rows.field(row, named) ?? rows.field(row, "name_fr") ?? rows.field(row, "name_en");

  function takeOut(row) {
    const name = nameOf(row);
    const next = row.nextElementSibling ?? row.previousElementSibling;
    rows.remove(row);
    rows.commit();
    render();
    canvas.say(filled(words.removed, { name }));
    if (document.activeElement === document.body) (shapes.get(next) ?? undoing).focus();
  }

  function undo() {
    canvas.say(rows.undo() ? words.undone : words.nothing);
    render();
    if (document.activeElement === document.body) sheet.querySelector(".plan-room")?.focus();
  }

  const tell = (row) => canvas.say(filled(words.at, { name: nameOf(row), ...boxOf(row) }));

  function choose(row) {
    const isSame = row === chosen;
    chosen = row;
    for (const [each, shape] of shapes) shape.classList.toggle("chosen", each === row);
    for (const each of rows.all()) each.classList.toggle("chosen", each === row);
    removal.disabled = !row;
    for (const { input, fieldOf } of inputs) {
      input.disabled = !row;
      // Not under the hands of who is typing in it.
      if (!isSame || document.activeElement !== input) input.value = row ? fieldOf(row).value : "";
    }
  }

  function shapeOf(row) {
    const shape = made("div", { class: "plan-room", tabindex: "0", role: "group", "aria-roledescription": words.role });
    const outline = outlineOf.get(row.dataset.room);
    if (outline) shape.append(canvas.outline(outline));
    shape.append(made("b"), made("span"));
    for (const corner of CORNERS) shape.append(made("i", { class: corner, "data-corner": corner }));
    shape.addEventListener("focus", () => choose(row));
    shape.addEventListener("keydown", (event) => keyed(event, row));
    shape.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || isAiming() || (!event.target.dataset.corner && isOnWall(event, row))) return;
      event.stopPropagation();
      grasped(event, row, event.target.dataset.corner);
    });
    shapes.set(row, shape);
    sheet.append(shape);
    return shape;
  }

  // Everything shown, from what stands in the fields now.
  function render() {
    const placedRows = rows.all().filter(boxOf);
    for (const [row, shape] of shapes) {
      if (placedRows.includes(row)) continue;
      shape.remove();
      shapes.delete(row);
    }
    const bySize = placedRows.map((row) => [row, boxOf(row)]).sort(([, a], [, b]) => b.width * b.height - a.width * a.height);
    bySize.forEach(([row, box], rank) => {
      const shape = shapes.get(row) ?? shapeOf(row);
      canvas.place(shape, box);
      // A booth inside a room lies above it, to be grasped.
      shape.style.zIndex = String(rank + 1);
      shape.classList.toggle("low", canvas.isCornerTaken(box, bySize.slice(rank + 1).map(([, other]) => other)));
      const [name, seats] = [nameOf(row), seatsOf(row)];
      shape.querySelector("b").textContent = name;
      shape.querySelector("span").textContent = seats;
      shape.setAttribute("aria-label", filled(words.at, { name: seats ? `${name}, ${seats}` : name, ...box }));
    });
    choose(rows.all().includes(chosen) ? chosen : null);
    undoing.disabled = !rows.canUndo();
    warn(placedRows);
    waiting.hidden = !unplaced().length;
    waiting.textContent = filled(words.waiting, { names: unplaced().map(nameOf).join(", ") });
  }

  function warn(placedRows) {
    const found = [];
    const boxes = placedRows.map(boxOf);
    placedRows.forEach((row, n) => {
      const box = boxes[n];
      if (box.x + box.width > size.width || box.y + box.height > size.height) found.push(filled(words.beyond, { name: nameOf(row) }));
      for (let m = n + 1; m < placedRows.length; m += 1) {
        const [other, its] = [placedRows[m], boxes[m]];
        // Boxes around other shapes may well overlap.
        if (outlineOf.has(row.dataset.room) || outlineOf.has(other.dataset.room)) continue;
        if (overlaps(box, its) && !isNested(box, its)) found.push(filled(words.overlap, { a: nameOf(row), b: nameOf(other) }));
      }
    });
    const shown = [...warnings.children].map((each) => each.textContent);
    // A live region is read anew when it is written anew.
    if (found.join("\n") !== shown.join("\n")) warnings.replaceChildren(...found.map((text) => made("li", {}, text)));
  }

  function keyed(event, row) {
    const box = boxOf(row);
    if (event.altKey || event.ctrlKey || event.metaKey || !box) return;
    if (event.key === "Delete") takeOut(row);
    else if (event.key === "Enter") nameInput.select();
    else if (event.key in ARROWS) {
      const [dx, dy] = ARROWS[event.key].map((sign) => sign * size.step);
      rows.write(row, event.shiftKey ? stretched(row, box, "se", dx, dy, (value) => value) : within({ ...box, x: box.x + dx, y: box.y + dy }));
      rows.commit();
      render();
      tell(row);
    } else return;
    event.preventDefault();
  }

  // The next room begins at a wall of this one: there a drag draws, and further in it moves the room.
  function isOnWall(event, row) {
    const { x, y } = canvas.at(event);
    const box = boxOf(row);
    const inside = [x - box.x, box.x + box.width - x, y - box.y, box.y + box.height - y];
    return Math.min(...inside) < Math.min(WALL_SHARE * size.step, box.width / 5, box.height / 5);
  }

  function grasped(event, row, corner) {
    const start = canvas.at(event);
    const box = boxOf(row);
    const [columns, lines] = [walls(row, "x", "width"), walls(row, "y", "height")];
    shapes.get(row).focus({ preventScroll: true });
    const follow = (now) => {
      const [dx, dy] = [now.x - start.x, now.y - start.y];
      rows.write(row, corner ? stretched(row, box, corner, dx, dy, canvas.snap) : moved(box, dx, dy, columns, lines));
      render();
    };
    canvas.drag(event, follow, (isKept) => {
      if (isKept) rows.commit();
      else rows.revert();
      render();
      tell(row);
    });
  }

  // Either side of the room may come to a wall of another.
  const moved = (box, dx, dy, columns, lines) =>
    within({
      ...box,
      x: canvas.snap(box.x + dx, columns.flatMap((wall) => [wall, wall - box.width])),
      y: canvas.snap(box.y + dy, lines.flatMap((wall) => [wall, wall - box.height])),
    });

  // The corner moves, the opposite one stays; no side becomes shorter than a square.
  function stretched(row, box, corner, dx, dy, snap) {
    const [columns, lines] = [walls(row, "x", "width"), walls(row, "y", "height")];
    let [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
    const least = size.step;
    if (corner.includes("w")) left = clamp(dx ? snap(left + dx, columns) : left, 0, Math.max(0, right - least));
    else right = clamp(dx ? snap(right + dx, columns) : right, left + Math.min(least, box.width), size.width);
    if (corner.includes("n")) top = clamp(dy ? snap(top + dy, lines) : top, 0, Math.max(0, bottom - least));
    else bottom = clamp(dy ? snap(bottom + dy, lines) : bottom, top + Math.min(least, box.height), size.height);
    return { x: left, y: top, width: right - left, height: bottom - top };
  }

  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const start = canvas.at(event);
    const [columns, lines] = [walls(null, "x", "width"), walls(null, "y", "height")];
    const between = (one, other, others, most) => [one, other].map((value) => clamp(canvas.snap(value, others), 0, most)).sort((a, b) => a - b);
    let box = null;
    const follow = (now) => {
      const [left, right] = between(start.x, now.x, columns, size.width);
      const [top, bottom] = between(start.y, now.y, lines, size.height);
      box = { x: left, y: top, width: right - left, height: bottom - top };
      draft.hidden = !box.width || !box.height;
      canvas.place(draft, box);
    };
    canvas.drag(event, follow, (isKept) => {
      draft.hidden = true;
      if (!isKept || !box?.width || !box.height) return choose(null);
      aim(false);
      return placed(unplaced()[0] ?? rows.add(), box);
    });
  });

  // The server's own steps of a plan of that size: 1, 2 or 5 times a power of ten, about 48 across.
  form.addEventListener("change", (event) => {
    if (!/^plan-(width|height)$/.test(event.target.name)) return;
    const [width, height] = ["width", "height"].map((side) => Number(form.querySelector(`[name=plan-${side}]`).value.replace(",", ".")));
    if (!(width > 0 && height > 0)) return;
    const rough = Math.max(1, Math.max(width, height) / 48);
    const power = 10 ** Math.floor(Math.log10(rough));
    canvas.resize(width, height, [5, 2, 1].find((step) => step * power <= rough) * power);
    render();
  });

  followFields(form, table, rows, {
    render,
    choose,
    undo,
    remove: takeOut,
    add() {
      placed(rows.add(), freeBox());
    },
  });
  aim(false);
  editor.hidden = false;
  render();
})();

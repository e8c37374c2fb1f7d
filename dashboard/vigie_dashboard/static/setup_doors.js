// The doors of the set-up drawn on the walls of its rooms: a click on a wall puts one there, between the rooms on either
// side; dragging or the arrow keys move it; the fields below say the same (docs/setup.md).
"use strict";
(() => {
  const form = document.querySelector("form[data-grid-width]");
  const editor = document.getElementById("plan-editor");
  const table = document.getElementById("plan-doors");
  if (!form || !editor || !table) return;
  const { words, rooms } = JSON.parse(document.getElementById("plan-data").textContent);
  const rows = fieldRows("doors", table);
  const canvas = planSheet(editor, form, words);
  const { sheet, size } = canvas;

  const OUTSIDE = "outside";
  // A door of a metre in a place of 24: wide enough to be seen, narrow enough for a booth.
  const DOOR_LENGTH = Math.max(1, Math.round(Math.max(size.width, size.height) / 24 / size.step)) * size.step;
  // A click further from a wall than so many squares is none on a wall.
  const REACH = 1.5 * size.step;

  // [start, end] of each side of each room, from left to right, or from top to bottom.
  const ordered = (side) => [...side].sort(([x1, y1], [x2, y2]) => x1 - x2 || y1 - y2);
  const sides = rooms.flatMap(({ corners }) => corners.map((corner, n) => ordered([corner, corners[(n + 1) % corners.length]])));
  const length = ([[x1, y1], [x2, y2]]) => Math.hypot(x2 - x1, y2 - y1);
  const along = ([[x1, y1], [x2, y2]], share) => [x1 + (x2 - x1) * share, y1 + (y2 - y1) * share];
  const area = (corners) => Math.abs(corners.reduce((sum, [x, y], n) => sum + x * corners[(n + 1) % corners.length][1] - corners[(n + 1) % corners.length][0] * y, 0)) / 2;
  const isInside = ([x, y], corners) =>
    corners.reduce((isIn, [x1, y1], n) => {
      const [x2, y2] = corners[(n + 1) % corners.length];
      return y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1) ? !isIn : isIn;
    }, false);
  // The smallest room there: a booth rather than the hall around it.
  const roomAt = (point) => rooms.filter(({ corners }) => isInside(point, corners)).sort((a, b) => area(a.corners) - area(b.corners))[0]?.id ?? OUTSIDE;

  // The nearest side of a room, and how far along it (0 to 1) and from it the point is.
  function nearest({ x, y }) {
    const found = sides.filter(length).map((side) => {
      const [[x1, y1], [x2, y2]] = side;
      const share = clamp(((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length(side) ** 2, 0, 1);
      const [nearX, nearY] = along(side, share);
      return { side, share, distance: Math.hypot(x - nearX, y - nearY) };
    });
    return found.sort((a, b) => a.distance - b.distance || length(a.side) - length(b.side))[0];
  }

  // Where a door of that length lies whose middle is nearest to the point; null away from walls.
  function doorAt(point, wanted, reach) {
    const wall = nearest(point);
    if (!wall || wall.distance > reach) return null;
    const whole = length(wall.side);
    const long = Math.min(wanted, whole);
    const [[x1, y1], [x2, y2]] = wall.side;
    const wantedStart = wall.share * whole - long / 2;
    let snapped = wantedStart;
    if (x1 === x2) snapped = canvas.snap(y1 + wantedStart) - y1;
    else if (y1 === y2) snapped = canvas.snap(x1 + wantedStart) - x1;
    const start = clamp(snapped, 0, whole - long);
    return [along(wall.side, start / whole), along(wall.side, (start + long) / whole)];
  }

  // What lies on either side of a door, outside first, as people come in.
  function between([[x1, y1], [x2, y2]]) {
    const off = size.step / 4 / (Math.hypot(x2 - x1, y2 - y1) || 1);
    const [middleX, middleY] = [(x1 + x2) / 2, (y1 + y2) / 2];
    const found = [1, -1].map((turn) => roomAt([middleX - (y2 - y1) * off * turn, middleY + (x2 - x1) * off * turn]));
    const order = [OUTSIDE, ...rooms.map(({ id }) => id)];
    return found.sort((a, b) => order.indexOf(a) - order.indexOf(b));
  }

  const placeOf = (row) => {
    const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((what) => rows.number(row, what));
    return [x1, y1, x2, y2].includes(null) || (x1 === x2 && y1 === y2) ? null : [[x1, y1], [x2, y2]];
  };
  const sideName = (row, what) => rows.field(row, what)?.selectedOptions?.[0]?.text ?? rows.text(row, what);
  const nameOf = (row) => `${sideName(row, "between_a")} – ${sideName(row, "between_b")}`;
  const put = (row, [[x1, y1], [x2, y2]]) => rows.write(row, { x1, y1, x2, y2 });

  const walls = canvas.path("walls");
  walls.setAttribute("d", rooms.map(({ corners }) => `M${corners.map((corner) => corner.join(" ")).join("L")}Z`).join(""));
  const boxed = ({ corners }) => {
    const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
    const [x, y] = [Math.min(...xs), Math.min(...ys)];
    return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
  };
  for (const room of rooms) {
    const smaller = rooms.filter((other) => area(other.corners) < area(room.corners)).map(boxed);
    const place = canvas.isCornerTaken(boxed(room), smaller) ? "plan-name low" : "plan-name";
    const label = made("div", { class: place, "aria-hidden": "true" }, room.name);
    canvas.place(label, boxed(room));
    sheet.append(label);
  }
  const shapes = new Map();
  let chosen = null;
  const waiting = made("p", { class: "plan-waiting" });
  canvas.tools.after(waiting);
  const removal = canvas.button(words.remove, () => chosen && takeOut(chosen));
  const undoing = canvas.button(words.undo, undo);

  const unplaced = () => rows.all().filter((row) => !placeOf(row));
  const tell = (row) => {
    const place = placeOf(row);
    if (place) canvas.say(filled(words.at, { name: nameOf(row), x1: place[0][0], y1: place[0][1], x2: place[1][0], y2: place[1][1] }));
  };

  function choose(row) {
    chosen = row;
    for (const [each, shape] of shapes) shape.classList.toggle("chosen", each === row);
    for (const each of rows.all()) each.classList.toggle("chosen", each === row);
    removal.disabled = !row;
  }

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
    if (document.activeElement === document.body) sheet.querySelector(".plan-door")?.focus();
  }

  function shapeOf(row) {
    const shape = made("div", { class: "plan-door", tabindex: "0", role: "group", "aria-roledescription": words.role });
    const stroke = canvas.path("door");
    shape.addEventListener("focus", () => choose(row));
    shape.addEventListener("keydown", (event) => keyed(event, row));
    shape.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      shape.focus({ preventScroll: true });
      const long = length(placeOf(row));
      const follow = (now) => {
        const place = doorAt(now, long, Infinity);
        put(row, place);
        rows.write(row, sidesFor(row, place));
        render();
      };
      canvas.drag(event, follow, (isKept) => {
        if (isKept) rows.commit();
        else rows.revert();
        render();
        tell(row);
      });
    });
    shape.stroke = stroke;
    shapes.set(row, shape);
    sheet.append(shape);
    return shape;
  }
  // Which way people are counted hangs on the order of the two: where one stays, it keeps its side.
  function sidesFor(row, place) {
    const [a, b] = between(place);
    const [before, after] = [rows.text(row, "between_a"), rows.text(row, "between_b")];
    return a === after || b === before ? { between_a: b, between_b: a } : { between_a: a, between_b: b };
  }

  function render() {
    const placed = rows.all().filter(placeOf);
    for (const [row, shape] of shapes) {
      if (placed.includes(row)) continue;
      shape.stroke.remove();
      shape.remove();
      shapes.delete(row);
    }
    for (const row of placed) {
      const shape = shapes.get(row) ?? shapeOf(row);
      const [[x1, y1], [x2, y2]] = placeOf(row);
      shape.stroke.setAttribute("d", `M${x1} ${y1}L${x2} ${y2}`);
      canvas.place(shape, { x: Math.min(x1, x2), y: Math.min(y1, y2), width: Math.abs(x2 - x1), height: Math.abs(y2 - y1) });
      shape.setAttribute("aria-label", filled(words.at, { name: nameOf(row), x1, y1, x2, y2 }));
    }
    choose(rows.all().includes(chosen) ? chosen : null);
    undoing.disabled = !rows.canUndo();
    waiting.hidden = !unplaced().length;
    waiting.textContent = filled(words.waiting, { names: unplaced().map(nameOf).join(", ") });
  }

  // Along its wall by a square; with Shift, longer or shorter.
  function keyed(event, row) {
    const place = placeOf(row);
    if (event.altKey || event.ctrlKey || event.metaKey || !place) return;
    if (event.key === "Delete") takeOut(row);
    else if (event.key === "Enter") rows.field(row, "between_a").focus();
    else if (event.key in ARROWS) {
      const [dx, dy] = ARROWS[event.key].map((sign) => sign * size.step);
      const [[x1, y1], [x2, y2]] = place;
      const middle = { x: (x1 + x2) / 2, y: (y1 + y2) / 2 };
      const wall = nearest(middle)?.side;
      if (!wall) return;
      const whole = length(wall);
      const by = (dx * (wall[1][0] - wall[0][0]) + dy * (wall[1][1] - wall[0][1])) / whole;
      const ends = [[x1, y1], [x2, y2]].map(([x, y]) => ((x - wall[0][0]) * (wall[1][0] - wall[0][0]) + (y - wall[0][1]) * (wall[1][1] - wall[0][1])) / whole);
      const [first, last] = ends.sort((a, b) => a - b);
      const long = event.shiftKey ? clamp(last - first + Math.sign(dx + dy) * size.step, size.step, whole - first) : last - first;
      const start = event.shiftKey ? first : clamp(first + by, 0, whole - long);
      const moved = [along(wall, start / whole), along(wall, (start + long) / whole)];
      put(row, moved);
      rows.write(row, sidesFor(row, moved));
      rows.commit();
      render();
      tell(row);
    } else return;
    event.preventDefault();
  }

  // The chosen door where it has no place yet, else the one that waits between these rooms, else a new one.
  function rowFor(place) {
    const [a, b] = between(place);
    const isOf = (row) => [rows.text(row, "between_a"), rows.text(row, "between_b")].sort().join() === [a, b].sort().join();
    if (chosen && !placeOf(chosen)) return chosen;
    const waits = unplaced().find(isOf);
    if (waits) return waits;
    const row = rows.add();
    rows.write(row, { between_a: a, between_b: b });
    return row;
  }

  sheet.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const follow = () => {};
    const start = canvas.at(event);
    canvas.drag(event, follow, (isKept) => {
      const place = isKept && doorAt(start, DOOR_LENGTH, REACH);
      if (!place) return choose(null);
      const row = rowFor(place);
      put(row, place);
      rows.commit();
      render();
      shapes.get(row).focus();
      return tell(row);
    });
  });

  followFields(form, table, rows, {
    render,
    choose,
    undo,
    remove: takeOut,
    add() {
      const row = rows.add();
      rows.commit();
      render();
      rows.field(row, "between_a").focus();
    },
  });
  editor.hidden = false;
  render();
})();

// Hands on the map: mouse, fingers and keyboard.

const STILL = 4; // px that a press may move and still be a click
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function listenToHands(lab) {
  const { map } = lab.parts;
  map.addEventListener("pointerdown", (event) => press(lab, event));
  map.addEventListener("pointermove", (event) => move(lab, event));
  map.addEventListener("pointerup", (event) => release(lab, event));
  map.addEventListener("pointercancel", (event) => cancel(lab, event));
  map.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && leave(lab));
  map.addEventListener("dblclick", (event) => onMap(lab, event) && lab.tool !== "pin" && showAll(lab));
  map.addEventListener("wheel", (event) => wheel(lab, event), { passive: false });
  map.addEventListener("keydown", (event) => key(lab, event));
  map.addEventListener("blur", () => lab.cursor?.byKey && leave(lab));
}

function onMap(lab, event) {
  return event.target === lab.parts.marks;
}

function pixelOf(lab, event) {
  const box = lab.parts.map.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function press(lab, event) {
  if (!onMap(lab, event) || event.button !== 0) return;
  const at = pixelOf(lab, event);
  lab.parts.map.setPointerCapture(event.pointerId);
  lab.hands.set(event.pointerId, at);
  if (lab.hands.size > 1) return stopOutline(lab, "pinch");
  const kind = event.shiftKey ? "lasso" : lab.tool === "pin" ? "pan" : lab.tool;
  lab.gesture = { kind, start: at, moved: false, pins: event.altKey || lab.tool === "pin" };
  return point(lab, at, event.pointerType);
}

function move(lab, event) {
  const at = pixelOf(lab, event);
  const before = lab.hands.get(event.pointerId);
  if (!before) {
    if (onMap(lab, event)) point(lab, at, event.pointerType);
    return;
  }
  lab.hands.set(event.pointerId, at);
  const { gesture } = lab;
  if (lab.hands.size > 1) return pinch(lab, event.pointerId, before, at);
  if (!gesture || gesture.kind === "pinch") return;
  gesture.moved ||= Math.hypot(at[0] - gesture.start[0], at[1] - gesture.start[1]) > STILL;
  if (!gesture.moved) return;
  if (gesture.kind === "pan") pan(lab, at[0] - before[0], at[1] - before[1]);
  if (gesture.kind === "lasso") trace(lab, event, gesture);
  if (gesture.kind === "box") lab.outline = lab.tracing = corners(lab, gesture.start, at);
  point(lab, at, event.pointerType);
}

// A slow page is told of several movements at once; a line that leaves them out cuts corners.
function trace(lab, event, { start }) {
  lab.tracing ??= [toMap(lab, ...start)];
  lab.outline = lab.tracing;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const each of all.length ? all : [event]) {
    lab.tracing.push(toMap(lab, ...pixelOf(lab, each)));
  }
}

function corners(lab, [left, top], [right, bottom]) {
  const places = [[left, top], [right, top], [right, bottom], [left, bottom]];
  return places.map((place) => toMap(lab, ...place));
}

function pinch(lab, id, before, at) {
  const [other] = [...lab.hands].find(([each]) => each !== id).slice(1);
  const apart = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
  pan(lab, (at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  zoom(lab, apart(at) / apart(before), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
}

function release(lab, event) {
  if (!lab.hands.delete(event.pointerId)) return;
  const { gesture, tracing } = lab;
  if (gesture?.kind === "pinch") {
    if (!lab.hands.size) lab.gesture = null;
    return;
  }
  lab.gesture = lab.tracing = null;
  if (gesture && !gesture.moved) click(lab, gesture);
  else if (tracing?.length > 2) select(lab, pointsInside(lab, tracing));
  else if (tracing) stopOutline(lab, null);
}

function cancel(lab, event) {
  lab.hands.delete(event.pointerId);
  stopOutline(lab, null);
}

function stopOutline(lab, kind) {
  if (lab.tracing) lab.outline = null;
  lab.tracing = null;
  lab.gesture = kind && { kind };
  redraw(lab, "marks");
}

// A finger is wider than an arrow.
function point(lab, at, kind) {
  lab.cursor = { at, index: -1, reach: kind === "touch" ? 18 : 9, byKey: kind === "key" };
  redraw(lab, "marks", "look");
}

function leave(lab) {
  if (lab.gesture) return;
  lab.cursor = null;
  redraw(lab, "marks", "look");
}

function click(lab, gesture) {
  const index = nearestPoint(lab, gesture.start, lab.cursor?.reach ?? 9);
  if (gesture.pins) pin(lab, index, gesture.start);
  else choose(lab, index);
}

function choose(lab, index) {
  if (lab.chosen === index) return;
  lab.chosen = index;
  tell(lab, "chosen", index);
  redraw(lab, "marks", "look");
}

function pin(lab, index, at) {
  const [x, y] = index < 0 ? toMap(lab, ...at) : lab.positions.subarray(2 * index, 2 * index + 2);
  lab.pins = [...lab.pins, [x, y, index]];
  tell(lab, "pins", lab.pins);
  redraw(lab, "marks");
}

function select(lab, indices) {
  lab.selected = indices;
  if (!indices.length) lab.outline = null;
  pickSelected(lab);
  tell(lab, "selected", indices);
  redraw(lab, "dots", "marks");
}

function pickSelected(lab) {
  lab.picked = lab.selected.length ? new Uint8Array(lab.count) : null;
  for (const index of lab.selected) lab.picked[index] = 1;
  showLegend(lab);
}

function clearAll(lab) {
  lab.outline = null;
  if (lab.selected.length) select(lab, []);
  if (lab.pins.length) tell(lab, "pins", (lab.pins = []));
  choose(lab, -1);
  redraw(lab, "marks");
}

// One thing at a time: a tool, then the selection and the choice, then the pins.
function escape(lab) {
  if (lab.gesture || lab.tracing) return stopOutline(lab, null);
  if (lab.tool !== "pan") return useTool(lab, "pan");
  const { pins } = lab;
  if (!lab.selected.length && lab.chosen < 0) return clearAll(lab);
  lab.pins = [];
  clearAll(lab);
  lab.pins = pins;
  return redraw(lab, "marks");
}

function wheel(lab, event) {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 30 : 1;
  // A pinch on a trackpad comes as a wheel with Ctrl, in small steps.
  const speed = event.ctrlKey ? 0.01 : 0.0016;
  zoom(lab, Math.exp(-event.deltaY * lines * speed), pixelOf(lab, event));
}

function key(lab, event) {
  if (event.target !== lab.parts.map || event.ctrlKey || event.metaKey) return;
  const act = ARROWS[event.key] ? () => steer(lab, event) : keysOf(lab)[event.key.toLowerCase()];
  if (!act) return;
  // The page has keys of its own, for example P for Play.
  event.preventDefault();
  event.stopPropagation();
  act();
}

function keysOf(lab) {
  const at = () => lab.cursor?.at ?? [lab.width / 2, lab.height / 2];
  const under = () => nearestPoint(lab, at(), lab.cursor?.reach ?? 9);
  return {
    "+": () => zoom(lab, 1.25, at()),
    "=": () => zoom(lab, 1.25, at()),
    "-": () => zoom(lab, 0.8, at()),
    0: () => showAll(lab),
    enter: () => choose(lab, under()),
    p: () => pin(lab, under(), at()),
    escape: () => escape(lab),
  };
}

// The arrows move a crosshair; at the edge, the map moves under it.
function steer(lab, { key: pressed, shiftKey }) {
  const stride = shiftKey ? 40 : 8;
  const [dx, dy] = ARROWS[pressed].map((way) => way * stride);
  const [px, py] = lab.cursor?.at ?? [lab.width / 2, lab.height / 2];
  const inside = (value, most) => Math.min(most - MARGIN, Math.max(MARGIN, value));
  const at = [inside(px + dx, lab.width), inside(py + dy, lab.height)];
  const [left, up] = [px + dx - at[0], py + dy - at[1]];
  if (left || up) pan(lab, -left, -up);
  point(lab, at, "key");
}

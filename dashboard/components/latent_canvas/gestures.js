// Input on the map by mouse, touch and keyboard.

import { redraw, report, useTool } from "./latent_canvas.js";
import { showLegend } from "./panel.js";
import { nearestPoint, pointsInside } from "./places.js";
import { MARGIN, pan, showAll, toMap, zoom } from "./view.js";

const STILL = 4; // px that the pointer may move during a click
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function listenToPointers(state) {
  const { map } = state.parts;
  map.addEventListener("pointerdown", (event) => press(state, event));
  map.addEventListener("pointermove", (event) => move(state, event));
  map.addEventListener("pointerup", (event) => release(state, event));
  map.addEventListener("pointercancel", (event) => cancel(state, event));
  map.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && leave(state));
  map.addEventListener("dblclick", (event) => doubleClick(state, event));
  map.addEventListener("wheel", (event) => wheel(state, event), { passive: false });
  map.addEventListener("keydown", (event) => key(state, event));
  map.addEventListener("blur", () => state.cursor?.byKey && leave(state));
}

function doubleClick(state, event) {
  if (onMap(state, event) && state.tool !== "pin") showAll(state);
}

function onMap(state, event) {
  return event.target === state.parts.marks;
}

function pixelOf(state, event) {
  const box = state.parts.map.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function press(state, event) {
  if (!onMap(state, event) || event.button !== 0) return;
  const at = pixelOf(state, event);
  state.parts.map.setPointerCapture(event.pointerId);
  state.pointers.set(event.pointerId, at);
  if (state.pointers.size > 1) return stopOutline(state, "pinch");
  const kind = event.shiftKey ? "lasso" : state.tool === "pin" ? "pan" : state.tool;
  state.gesture = { kind, start: at, moved: false, pins: event.altKey || state.tool === "pin" };
  return point(state, at, event.pointerType);
}

function move(state, event) {
  const at = pixelOf(state, event);
  const before = state.pointers.get(event.pointerId);
  if (!before) {
    if (onMap(state, event)) point(state, at, event.pointerType);
    return;
  }
  state.pointers.set(event.pointerId, at);
  const { gesture } = state;
  if (state.pointers.size > 1) return pinch(state, event.pointerId, before, at);
  if (!gesture || gesture.kind === "pinch") return;
  gesture.moved ||= Math.hypot(at[0] - gesture.start[0], at[1] - gesture.start[1]) > STILL;
  if (!gesture.moved) return;
  if (gesture.kind === "pan") pan(state, at[0] - before[0], at[1] - before[1]);
  if (gesture.kind === "lasso") trace(state, event, gesture);
  if (gesture.kind === "box") state.outline = state.tracing = corners(state, gesture.start, at);
  point(state, at, event.pointerType);
}

// A slow page receives several movements in one event; without them the outline would cut corners.
function trace(state, event, { start }) {
  state.tracing ??= [toMap(state, ...start)];
  state.outline = state.tracing;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const each of all.length ? all : [event]) {
    state.tracing.push(toMap(state, ...pixelOf(state, each)));
  }
}

function corners(state, [left, top], [right, bottom]) {
  const places = [[left, top], [right, top], [right, bottom], [left, bottom]];
  return places.map((place) => toMap(state, ...place));
}

function pinch(state, id, before, at) {
  const [other] = [...state.pointers].find(([each]) => each !== id).slice(1);
  const apart = (place) => Math.hypot(place[0] - other[0], place[1] - other[1]) || 1;
  pan(state, (at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
  zoom(state, apart(at) / apart(before), [(at[0] + other[0]) / 2, (at[1] + other[1]) / 2]);
}

function release(state, event) {
  if (!state.pointers.delete(event.pointerId)) return;
  const { gesture, tracing } = state;
  if (gesture?.kind === "pinch") {
    if (!state.pointers.size) state.gesture = null;
    return;
  }
  state.gesture = state.tracing = null;
  if (gesture && !gesture.moved) click(state, gesture);
  else if (tracing?.length > 2) select(state, pointsInside(state, tracing));
  else if (tracing) stopOutline(state, null);
}

function cancel(state, event) {
  state.pointers.delete(event.pointerId);
  stopOutline(state, null);
}

function stopOutline(state, kind) {
  if (state.tracing) state.outline = null;
  state.tracing = null;
  state.gesture = kind && { kind };
  redraw(state, "marks");
}

// Touch has a larger reach, as a finger is less precise than a mouse.
function point(state, at, kind) {
  state.cursor = { at, index: -1, reach: kind === "touch" ? 18 : 9, byKey: kind === "key" };
  redraw(state, "marks", "panel");
}

function leave(state) {
  if (state.gesture) return;
  state.cursor = null;
  redraw(state, "marks", "panel");
}

function click(state, gesture) {
  const index = nearestPoint(state, gesture.start, state.cursor?.reach ?? 9);
  if (gesture.pins) pin(state, index, gesture.start);
  else choose(state, index);
}

function choose(state, index) {
  if (state.chosen === index) return;
  state.chosen = index;
  report(state, "chosen", index);
  redraw(state, "marks", "panel");
}

function pin(state, index, at) {
  const [x, y] = index < 0 ? toMap(state, ...at) : state.positions.subarray(2 * index, 2 * index + 2);
  state.pins = [...state.pins, [x, y, index]];
  report(state, "pins", state.pins);
  redraw(state, "marks");
}

function select(state, indices) {
  state.selected = indices;
  if (!indices.length) state.outline = null;
  updateSelectedMask(state);
  report(state, "selected", indices);
  redraw(state, "dots", "marks");
}

export function updateSelectedMask(state) {
  state.selectedMask = state.selected.length ? new Uint8Array(state.count) : null;
  for (const index of state.selected) state.selectedMask[index] = 1;
  showLegend(state);
}

export function clearAll(state) {
  state.outline = null;
  if (state.selected.length) select(state, []);
  if (state.pins.length) report(state, "pins", (state.pins = []));
  choose(state, -1);
  redraw(state, "marks");
}

// Undoes one thing per press: the tool, then the selection and the chosen point, then the pins.
function escape(state) {
  if (state.gesture || state.tracing) return stopOutline(state, null);
  if (state.tool !== "pan") return useTool(state, "pan");
  const { pins } = state;
  if (!state.selected.length && state.chosen < 0) return clearAll(state);
  state.pins = [];
  clearAll(state);
  state.pins = pins;
  return redraw(state, "marks");
}

function wheel(state, event) {
  event.preventDefault();
  const lines = event.deltaMode === 1 ? 30 : 1;
  // Browsers report a trackpad pinch as wheel events with Ctrl, in small steps.
  const speed = event.ctrlKey ? 0.01 : 0.0016;
  zoom(state, Math.exp(-event.deltaY * lines * speed), pixelOf(state, event));
}

function key(state, event) {
  if (event.target !== state.parts.map || event.ctrlKey || event.metaKey) return;
  const isArrow = event.key in ARROWS;
  const act = isArrow ? () => moveCursor(state, event) : keyActions(state)[event.key.toLowerCase()];
  if (!act) return;
  // The page has shortcuts of its own, for example P for Play.
  event.preventDefault();
  event.stopPropagation();
  act();
}

function keyActions(state) {
  const at = () => state.cursor?.at ?? [state.width / 2, state.height / 2];
  const under = () => nearestPoint(state, at(), state.cursor?.reach ?? 9);
  return {
    "+": () => zoom(state, 1.25, at()),
    "=": () => zoom(state, 1.25, at()),
    "-": () => zoom(state, 0.8, at()),
    0: () => showAll(state),
    enter: () => choose(state, under()),
    p: () => pin(state, under(), at()),
    escape: () => escape(state),
  };
}

// The arrow keys move a crosshair; at the edge they pan the map instead.
function moveCursor(state, { key: pressed, shiftKey }) {
  const stride = shiftKey ? 40 : 8;
  const [dx, dy] = ARROWS[pressed].map((direction) => direction * stride);
  const [px, py] = state.cursor?.at ?? [state.width / 2, state.height / 2];
  const inside = (value, most) => Math.min(most - MARGIN, Math.max(MARGIN, value));
  const at = [inside(px + dx, state.width), inside(py + dy, state.height)];
  const [left, up] = [px + dx - at[0], py + dy - at[1]];
  if (left || up) pan(state, -left, -up);
  point(state, at, "key");
}

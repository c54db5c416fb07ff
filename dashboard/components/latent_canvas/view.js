// The view: which part of the map is visible, given by its centre and by pixels per map unit.

import { redraw } from "./latent_canvas.js";

const GLIDE = 300; // ms
export const MARGIN = 26; // px between the outermost points and the edge
const FILLS = 0.6; // zoom in on a map that fills less than this share of the view

export function toScreen(state, x, y) {
  const { view } = state;
  return [(x - view.x) * view.scale + state.width / 2, state.height / 2 - (y - view.y) * view.scale];
}

export function toMap(state, px, py) {
  const { view } = state;
  return [(px - state.width / 2) / view.scale + view.x, (state.height / 2 - py) / view.scale + view.y];
}

// Returns [left, right, bottom, top] of all positions in some arrays; null if there are none.
export function boxOf(clouds) {
  let [left, right, bottom, top] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const cloud of clouds) {
    for (let i = 0; i < cloud.length; i += 2) {
      const [x, y] = [cloud[i], cloud[i + 1]];
      if (!(Number.isFinite(x) && Number.isFinite(y))) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (y < bottom) bottom = y;
      if (y > top) top = y;
    }
  }
  return left > right ? null : [left, right, bottom, top];
}

// Sets the view shown until the user moves it. It changes only when the points have outgrown it or
// shrunk well inside it, so that the map does not jitter during training.
export function setHome(state, clouds, isNewMap) {
  const box = boxOf(clouds) ?? [-1, 1, -1, 1];
  const [left, right, bottom, top] = state.home ?? box;
  const inside = box[0] >= left && box[1] <= right && box[2] >= bottom && box[3] <= top;
  const share = Math.max((box[1] - box[0]) / (right - left), (box[3] - box[2]) / (top - bottom));
  if (state.home && !isNewMap && inside && !(share < FILLS)) return;
  state.home = box;
  if (isNewMap) state.moved = false;
  if (!state.moved) glide(state, fitView(state));
}

export function fitView(state) {
  const [left, right, bottom, top] = state.home;
  const [wide, high] = [right - left || 1e-6, top - bottom || 1e-6];
  const room = [Math.max(1, state.width - 2 * MARGIN), Math.max(1, state.height - 2 * MARGIN)];
  let scale = Math.min(room[0] / wide, room[1] / high);
  if (wide <= 1e-6 && high <= 1e-6) scale = 100;
  return { x: (left + right) / 2, y: (bottom + top) / 2, scale };
}

export function showAll(state) {
  state.moved = false;
  glide(state, fitView(state));
}

function glide(state, to) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!state.view || !state.width || still) {
    state.view = to;
    state.glide = null;
  } else {
    state.glide = { from: { ...state.view }, to, began: performance.now() };
  }
  redraw(state, "ground", "dots", "marks");
}

// Returns whether the view is still moving.
export function advanceView(state, now) {
  if (!state.glide) return false;
  const { from, to, began } = state.glide;
  const share = ease((now - began) / GLIDE);
  const mix = (a, b) => a + (b - a) * share;
  // The scale changes by a constant factor, not a constant amount, because that looks steady.
  const scale = from.scale * (to.scale / from.scale) ** share;
  state.view = { x: mix(from.x, to.x), y: mix(from.y, to.y), scale };
  redraw(state, "ground", "dots", "marks");
  if (share < 1) return true;
  state.view = to;
  state.glide = null;
  return false;
}

export function ease(share) {
  const t = Math.min(1, Math.max(0, share));
  return t * t * (3 - 2 * t);
}

export function pan(state, dx, dy) {
  const { view } = state;
  moveView(state, { ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale });
}

// Zooms around a pixel: the position under it stays there.
export function zoom(state, factor, [px, py] = [state.width / 2, state.height / 2]) {
  const [x, y] = toMap(state, px, py);
  const whole = fitView(state).scale;
  const scale = Math.min(whole * 400, Math.max(whole / 8, state.view.scale * factor));
  const [dx, dy] = [(px - state.width / 2) / scale, (state.height / 2 - py) / scale];
  moveView(state, { x: x - dx, y: y - dy, scale });
}

function moveView(state, view) {
  state.moved = true;
  state.glide = null;
  state.view = view;
  redraw(state, "ground", "dots", "marks", "panel");
}

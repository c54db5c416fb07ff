// The layer above the points: the cursor, the chosen point, pins and the selection outline.

import { toScreen } from "./view.js";

export function drawMarks(state) {
  const context = state.parts.marks.getContext("2d");
  context.setTransform(state.ratio, 0, 0, state.ratio, 0, 0);
  context.clearRect(0, 0, state.width, state.height);
  context.lineJoin = context.lineCap = "round";
  drawOutline(state, context);
  drawPins(state, context);
  if (state.chosen >= 0) ring(state, context, placeOf(state, state.chosen), 9, 2.5);
  drawCursor(state, context);
}

function placeOf(state, index) {
  return toScreen(state, state.positions[2 * index], state.positions[2 * index + 1]);
}

// Strokes twice, wide in the page's colour and narrow in `colour`, to be visible on any background.
function stroke(state, context, width = 1.5, colour = state.ink.text) {
  context.strokeStyle = state.ink.ground;
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function ring(state, context, [px, py], radius, width) {
  context.beginPath();
  context.arc(px, py, radius, 0, 2 * Math.PI);
  stroke(state, context, width);
}

function drawCursor(state, context) {
  const { cursor } = state;
  if (!cursor) return;
  if (cursor.index >= 0) ring(state, context, placeOf(state, cursor.index), 6, 1.5);
  if (!cursor.byKey && cursor.index >= 0) return;
  const [px, py] = cursor.at;
  const [gap, reach] = cursor.byKey ? [7, 16] : [3, 8];
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(px + dx * gap, py + dy * gap);
    context.lineTo(px + dx * reach, py + dy * reach);
  }
  stroke(state, context);
}

function drawOutline(state, context) {
  const line = state.outline;
  if (!line || line.length < 2) return;
  context.beginPath();
  for (const [x, y] of line) context.lineTo(...toScreen(state, x, y));
  context.closePath();
  context.globalAlpha = 0.12;
  context.fillStyle = state.ink.primary;
  context.fill();
  context.globalAlpha = 1;
  stroke(state, context, 1.5, state.ink.primary);
}

// Draws the pins, numbered in order and joined by a path.
function drawPins(state, context) {
  const places = state.pins.map((pin) => pinPlace(state, pin));
  if (places.length > 1) {
    context.beginPath();
    for (const place of places) context.lineTo(...place);
    stroke(state, context, 2, state.ink.primary);
  }
  context.font = `600 11px ${state.ink.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  places.forEach(([px, py], k) => {
    context.beginPath();
    context.arc(px, py, 9, 0, 2 * Math.PI);
    stroke(state, context, 1, state.ink.primary);
    context.fillStyle = state.ink.primary;
    context.fill();
    context.fillStyle = state.ink.ground;
    context.fillText(String(k + 1), px, py + 0.5);
  });
}

// A pinned point moves with the point; a pinned position stays.
function pinPlace(state, [x, y, index]) {
  return index >= 0 ? placeOf(state, index) : toScreen(state, x, y);
}

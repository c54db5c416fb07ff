// What lies at a position on the map: the nearest point, or a code and its decoded image.

import { isFollowing, shownStep } from "./time.js";
import { boxOf, toMap } from "./view.js";

const NEIGHBOURS = 8;

// Returns the nearest visible point within `reach` pixels of a position on the screen, or -1.
export function nearestPoint(state, [px, py], reach) {
  const { positions, visible } = state;
  const [x, y] = toMap(state, px, py);
  let best = -1;
  let least = (reach / state.view.scale) ** 2;
  for (let i = 0; i < state.count; i++) {
    const dx = positions[2 * i] - x;
    const dy = positions[2 * i + 1] - y;
    const distance = dx * dx + dy * dy;
    if (distance < least && visible[i]) {
      best = i;
      least = distance;
    }
  }
  return best;
}

// Returns the code at a position on the map, or null if the map cannot be inverted.
function codeAt(state, x, y) {
  const { origin, basis, codes } = state.arrays;
  if (basis) return linearCode(state, origin, basis, x, y);
  return codes ? neighbourCode(state, codes, x, y) : null;
}

function linearCode(state, origin, basis, x, y) {
  const units = origin.length;
  state.code = state.code?.length === units ? state.code : new Float32Array(units);
  for (let j = 0; j < units; j++) state.code[j] = origin[j] + x * basis[j] + y * basis[units + j];
  return state.code;
}

// The mean of the nearest points' codes, weighted by the inverse of the squared distance.
function neighbourCode(state, codes, x, y) {
  const units = codes.length / state.count;
  state.code = state.code?.length === units ? state.code : new Float32Array(units);
  const { indices, squares } = nearestPoints(state.time.target, state.count, x, y);
  const least = 1e-9 * extentOf(state) ** 2;
  const total = squares.reduce((sum, square) => sum + 1 / (square + least), 0);
  state.code.fill(0);
  indices.forEach((index, k) => {
    const weight = 1 / (squares[k] + least) / total;
    for (let j = 0; j < units; j++) state.code[j] += weight * codes[index * units + j];
  });
  return state.code;
}

// Returns the longer side of the points' bounding box, cached until they move.
function extentOf({ time }) {
  if (time.extent === null) {
    const [left, right, bottom, top] = boxOf([time.target]) ?? [0, 0, 0, 0];
    time.extent = Math.max(right - left, top - bottom) || 1;
  }
  return time.extent;
}

// Returns the nearest points and their squared distances, nearest first, in one pass.
function nearestPoints(positions, count, x, y) {
  const indices = [];
  const squares = [];
  const most = Math.min(NEIGHBOURS, count);
  for (let i = 0; i < count; i++) {
    const dx = positions[2 * i] - x;
    const dy = positions[2 * i + 1] - y;
    const square = dx * dx + dy * dy;
    if (squares.length === most && !(square < squares[most - 1])) continue;
    let rank = Math.min(squares.length, most - 1);
    for (; rank > 0 && squares[rank - 1] > square; rank--) {
      [indices[rank], squares[rank]] = [indices[rank - 1], squares[rank - 1]];
    }
    [indices[rank], squares[rank]] = [i, square];
  }
  return { indices, squares };
}

// Returns the decoded image at a position, or null. The next call overwrites it.
export function imageAt(state, x, y) {
  if (!state.decode || !isFresh(state)) return null;
  const began = performance.now();
  const code = codeAt(state, x, y);
  if (!code) return null;
  const pixels = state.decode(code);
  state.decodeMs = performance.now() - began;
  return pixels;
}

// Decoder, reconstructions and colours belong to one step and would be wrong at another.
export function isFresh(state) {
  const { step } = state.settings;
  return isFollowing(state) || step === null || shownStep(state) === step;
}

// Returns the visible points inside a polygon on the map.
export function pointsInside(state, line) {
  const { positions } = state;
  const indices = [];
  for (let i = 0; i < state.count; i++) {
    if (state.visible[i] && isInside(positions[2 * i], positions[2 * i + 1], line)) indices.push(i);
  }
  return indices;
}

function isInside(x, y, line) {
  let inside = false;
  for (let a = 0, b = line.length - 1; a < line.length; b = a++) {
    const [[ax, ay], [bx, by]] = [line[a], line[b]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

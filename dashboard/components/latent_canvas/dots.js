// Draws ten thousand points in a few milliseconds, as small discs written directly into pixels.
// The inner loops run millions of times and destructure nothing, as that would allocate objects.

import { fitView } from "./view.js";

const PLACES = 4; // discs are placed at quarters of a pixel, so that slow movement is smooth
const discs = new Map(); // radius and strength -> coverage of the pixels, for each subpixel offset

export function drawDots(state) {
  const began = performance.now();
  const context = state.parts.dots.getContext("2d");
  const { width, height } = state.parts.dots;
  if (state.pixels?.width !== width || state.pixels?.height !== height) {
    state.pixels = new ImageData(width, height);
    state.pixels32 = new Uint32Array(state.pixels.data.buffer);
  }
  state.pixels32.fill(0);
  const { selectedMask } = state;
  if (selectedMask) stampAll(state, 0, state.strength * 0.22, 0.8);
  stampAll(state, 1, state.strength, 1);
  context.putImageData(state.pixels, 0, 0);
  state.drawMs = performance.now() - began;
}

// Returns the radius in pixels: smaller for more points, larger when zoomed in.
function radiusOf(state) {
  const near = (state.view.scale / fitView(state).scale) ** 0.25;
  const many = 7.6 / Math.max(50, state.count) ** 0.13;
  const behind = state.settings.background === "images" ? 0.75 : 1;
  return Math.min(5, Math.max(1.2, many) * Math.min(2, Math.max(1, near)) * behind);
}

function stampAll(state, maskValue, strength, size) {
  const { positions, visible, selectedMask, colours, view, ratio, pixels32 } = state;
  const { width, height } = state.pixels;
  const { coverage, side } = disc(radiusOf(state) * ratio * size, strength);
  const half = (side - 1) / 2;
  const scale = view.scale * ratio;
  const [left, top] = [width / 2 - view.x * scale - half, height / 2 + view.y * scale - half];
  for (let i = 0; i < state.count; i++) {
    if (!visible[i] || (selectedMask && selectedMask[i] !== maskValue)) continue;
    const x = left + positions[2 * i] * scale;
    const y = top - positions[2 * i + 1] * scale;
    // NaN fails this test as well.
    if (!(x > -side && y > -side && x < width && y < height)) continue;
    const column = Math.floor(x);
    const row = Math.floor(y);
    const place = Math.floor((y - row) * PLACES) * PLACES + Math.floor((x - column) * PLACES);
    stampOne(pixels32, width, height, column, row, coverage, place * side * side, side, colours[i]);
  }
}

function stampOne(pixels32, width, height, column, row, coverage, from, side, colour) {
  const first = Math.max(0, -column);
  const last = Math.min(side, width - column);
  const end = Math.min(side, height - row);
  for (let dy = Math.max(0, -row); dy < end; dy++) {
    const line = (row + dy) * width + column;
    const cover = from + dy * side;
    for (let dx = first; dx < last; dx++) {
      const alpha = coverage[cover + dx];
      if (alpha !== 0) pixels32[line + dx] = over(pixels32[line + dx], colour, alpha);
    }
  }
}

// Blends a colour of some opacity, 0 to 255, over a pixel; both are 0xAABBGGRR.
function over(under, colour, alpha) {
  const below = under >>> 24;
  if (below === 0 || alpha === 255) return ((alpha << 24) | colour) >>> 0;
  const total = alpha + (below * (255 - alpha)) / 255;
  // A shortcut for the usual case: a point over others of its class.
  if (((under ^ colour) & 0xffffff) === 0) return ((total << 24) | colour) >>> 0;
  const share = alpha / total;
  const r = under & 255;
  const g = (under >>> 8) & 255;
  const b = (under >>> 16) & 255;
  const red = r + ((colour & 255) - r) * share;
  const green = g + (((colour >>> 8) & 255) - g) * share;
  const blue = b + (((colour >>> 16) & 255) - b) * share;
  return ((total << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

function disc(radius, strength) {
  const key = `${radius.toFixed(2)} ${strength.toFixed(2)}`;
  if (!discs.has(key)) {
    if (discs.size > 64) discs.clear();
    discs.set(key, makeDisc(radius, strength));
  }
  return discs.get(key);
}

function makeDisc(radius, strength) {
  const side = 2 * Math.ceil(radius + 1) + 1;
  const half = (side - 1) / 2;
  const coverage = new Uint8Array(PLACES * PLACES * side * side);
  for (let at = 0; at < coverage.length; at++) {
    const place = Math.floor(at / (side * side));
    const [row, column] = [Math.floor((at % (side * side)) / side), at % side];
    const x = column - half - ((place % PLACES) + 0.5) / PLACES + 0.5;
    const y = row - half - (Math.floor(place / PLACES) + 0.5) / PLACES + 0.5;
    const covered = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x, y)));
    coverage[at] = Math.round(255 * strength * covered);
  }
  return { coverage, side };
}

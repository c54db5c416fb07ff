// The layer behind the points: decoded images, the density of the points, or a grid of values.

import { ramp, rangeOf, rgbOf, valueColour } from "./colours.js";
import { imageAt, isFresh } from "./places.js";
import { toMap, toScreen } from "./view.js";

const BUDGET = 8; // ms of decoding per frame
const MOST_TILES = 3000;
const TILE = 44; // px, the smallest side of a decoded image on the screen

// Returns whether work is left for the next frame.
export function drawGround(state) {
  const context = state.parts.ground.getContext("2d");
  context.setTransform(state.ratio, 0, 0, state.ratio, 0, 0);
  context.clearRect(0, 0, state.width, state.height);
  const { background } = state.settings;
  if (background === "images") return drawImages(state, context);
  if (background === "density" && state.count) drawDensity(state, context);
  if (background === "grid" && state.arrays.grid && isFresh(state)) drawGrid(state, context);
  return false;
}

// Draws a grid of decoded images. Its cell size is a power of two, so that tiles can be reused after
// a pan or a zoom.
function drawImages(state, context) {
  if (!state.decode || !isFresh(state) || !(state.arrays.basis || state.arrays.codes)) return false;
  const size = 2 ** Math.ceil(Math.log2(TILE / state.view.scale));
  const places = placesInView(state, size);
  const until = performance.now() + BUDGET;
  let missing = false;
  for (const place of places) {
    let tile = state.tiles.get(place.key);
    if (!tile && performance.now() < until) tile = makeTile(state, place);
    if (tile) drawTile(state, context, tile, place);
    else missing = true;
  }
  return missing;
}

function placesInView(state, size) {
  const [left, top] = toMap(state, 0, 0);
  const [right, bottom] = toMap(state, state.width, state.height);
  const places = [];
  for (let row = Math.floor(bottom / size); row * size < top; row++) {
    for (let column = Math.floor(left / size); column * size < right; column++) {
      const [x, y] = [(column + 0.5) * size, (row + 0.5) * size];
      const far = (x - state.view.x) ** 2 + (y - state.view.y) ** 2;
      places.push({ key: `${size} ${column} ${row}`, x, y, far, size });
    }
  }
  return places.sort((one, other) => one.far - other.far);
}

function makeTile(state, { key, x, y }) {
  const tile = document.createElement("canvas");
  paint(state, tile, imageAt(state, x, y), 255);
  if (state.tiles.size >= MOST_TILES) state.tiles.delete(state.tiles.keys().next().value);
  state.tiles.set(key, tile);
  return tile;
}

function drawTile(state, context, tile, { x, y, size }) {
  const [px, py] = toScreen(state, x, y);
  const side = size * state.view.scale;
  const fit = side / Math.max(tile.width, tile.height);
  // Edges lie on whole pixels; otherwise adjacent images would show a seam.
  const edge = (at) => Math.round(at * state.ratio) / state.ratio;
  const [wide, high] = [tile.width * fit, tile.height * fit];
  const [left, top] = [edge(px - wide / 2), edge(py - high / 2)];
  // Enlarged pixels stay sharp, as everywhere in the app; only reduced images need smoothing.
  context.imageSmoothingEnabled = fit * state.ratio < 1;
  context.drawImage(tile, left, top, edge(px + wide / 2) - left, edge(py + high / 2) - top);
}

// Draws pixels as a grey image in the size of the data's images. Each value is multiplied by
// `white`: 255 for pixels in [0, 1], 1 for pixels that are bytes.
export function paint(state, canvas, pixels, white) {
  const [height, width] = state.meta.shape;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const image = new ImageData(width, height);
  for (let j = 0; j < width * height; j++) {
    const value = pixels[j] * white;
    image.data.set([value, value, value, 255], 4 * j);
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

// Draws the smoothed density of the points on the screen, as opacity of the primary colour.
function drawDensity(state, context) {
  const cell = 4;
  const [columns, rows] = [Math.ceil(state.width / cell), Math.ceil(state.height / cell)];
  let counts = new Float32Array(columns * rows);
  for (let i = 0; i < state.count; i++) {
    if (!state.visible[i]) continue;
    const [px, py] = toScreen(state, state.positions[2 * i], state.positions[2 * i + 1]);
    const [column, row] = [Math.floor(px / cell), Math.floor(py / cell)];
    if (column >= 0 && row >= 0 && column < columns && row < rows) counts[row * columns + column]++;
  }
  for (let pass = 0; pass < 3; pass++) {
    counts = smooth(counts, rows, columns, 1, columns);
    counts = smooth(counts, columns, rows, columns, 1);
  }
  const most = counts.reduce((a, b) => Math.max(a, b), 0) || 1;
  const [red, green, blue] = rgbOf(state.ink.primary);
  const image = new ImageData(columns, rows);
  counts.forEach((count, at) => {
    image.data.set([red, green, blue, 150 * Math.sqrt(count / most)], 4 * at);
  });
  drawSmall(state, context, image, 0, 0, columns * cell, rows * cell);
}

// Returns a running mean along the lines of a grid; three passes approximate a Gaussian.
function smooth(values, lines, length, step, jump) {
  const reach = 3;
  const out = new Float32Array(values.length);
  for (let line = 0; line < lines; line++) {
    const start = line * (step === 1 ? jump : 1);
    let sum = 0;
    for (let at = -reach; at < length; at++) {
      if (at + reach < length) sum += values[start + (at + reach) * step];
      if (at - reach - 1 >= 0) sum -= values[start + (at - reach - 1) * step];
      if (at >= 0) out[start + at * step] = sum / (2 * reach + 1);
    }
  }
  return out;
}

function drawGrid(state, context) {
  const { grid } = state.arrays;
  const [rows, columns] = state.shapes.grid;
  const [left, right, bottom, top] = state.meta.extent;
  state.gridImage ??= gridImage(state, grid, rows, columns);
  const [x0, y0] = toScreen(state, left, top);
  const [x1, y1] = toScreen(state, right, bottom);
  drawSmall(state, context, state.gridImage, x0, y0, x1 - x0, y1 - y0);
}

function gridImage(state, grid, rows, columns) {
  const colours = ramp(state.settings.grid_scale);
  const range = state.settings.grid_range ?? rangeOf(grid);
  const image = new ImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = grid[(rows - 1 - row) * columns + column];
      const colour = valueColour({ ramp: colours, range }, value, 0x808080);
      pixels[row * columns + column] = (0xff000000 | colour) >>> 0;
    }
  }
  return image;
}

// Draws an image enlarged and smoothed.
function drawSmall(state, context, image, left, top, width, height) {
  state.small ??= document.createElement("canvas");
  state.small.width = image.width;
  state.small.height = image.height;
  state.small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(state.small, left, top, width, height);
}

// What lies behind the points: decoded images, how dense the points are, or a given grid of values.

const BUDGET = 8; // ms of decoding in a frame
const MOST_TILES = 3000;
const TILE = 44; // px, the least a decoded image takes

// Returns whether there is more to do in the next frame.
function drawGround(lab) {
  const context = lab.parts.ground.getContext("2d");
  context.setTransform(lab.ratio, 0, 0, lab.ratio, 0, 0);
  context.clearRect(0, 0, lab.width, lab.height);
  const { background } = lab.settings;
  if (background === "images") return drawImages(lab, context);
  if (background === "density" && lab.count) drawDensity(lab, context);
  if (background === "grid" && lab.arrays.grid && isFresh(lab)) drawGrid(lab, context);
  return false;
}

// The grid that textbooks print. Sizes are powers of two, so that images outlive a pan or a zoom.
function drawImages(lab, context) {
  if (!lab.decode || !isFresh(lab) || !(lab.arrays.basis || lab.arrays.codes)) return false;
  const size = 2 ** Math.ceil(Math.log2(TILE / lab.view.scale));
  const places = placesInView(lab, size);
  const until = performance.now() + BUDGET;
  let missing = false;
  for (const place of places) {
    let tile = lab.tiles.get(place.key);
    if (!tile && performance.now() < until) tile = makeTile(lab, place);
    if (tile) drawTile(lab, context, tile, place);
    else missing = true;
  }
  return missing;
}

function placesInView(lab, size) {
  const [left, top] = toMap(lab, 0, 0);
  const [right, bottom] = toMap(lab, lab.width, lab.height);
  const places = [];
  for (let row = Math.floor(bottom / size); row * size < top; row++) {
    for (let column = Math.floor(left / size); column * size < right; column++) {
      const [x, y] = [(column + 0.5) * size, (row + 0.5) * size];
      const far = (x - lab.view.x) ** 2 + (y - lab.view.y) ** 2;
      places.push({ key: `${size} ${column} ${row}`, x, y, far, size });
    }
  }
  return places.sort((one, other) => one.far - other.far);
}

function makeTile(lab, { key, x, y }) {
  const tile = document.createElement("canvas");
  paint(lab, tile, imageAt(lab, x, y), 255);
  if (lab.tiles.size >= MOST_TILES) lab.tiles.delete(lab.tiles.keys().next().value);
  lab.tiles.set(key, tile);
  return tile;
}

function drawTile(lab, context, tile, { x, y, size }) {
  const [px, py] = toScreen(lab, x, y);
  const side = size * lab.view.scale;
  const fit = side / Math.max(tile.width, tile.height);
  // Edges on whole pixels: images that touch would show a seam otherwise.
  const edge = (at) => Math.round(at * lab.ratio) / lab.ratio;
  const [wide, high] = [tile.width * fit, tile.height * fit];
  const [left, top] = [edge(px - wide / 2), edge(py - high / 2)];
  // Single pixels are to be seen, as everywhere else; only a smaller image needs smoothing.
  context.imageSmoothingEnabled = fit * lab.ratio < 1;
  context.drawImage(tile, left, top, edge(px + wide / 2) - left, edge(py + high / 2) - top);
}

// Draws pixels of 0 to `white` as an image of the data's own size.
function paint(lab, canvas, pixels, white) {
  const [height, width] = lab.meta.shape;
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

// How many points lie about each place on the screen, smoothed, as more or less of the text's colour.
function drawDensity(lab, context) {
  const cell = 4;
  const [columns, rows] = [Math.ceil(lab.width / cell), Math.ceil(lab.height / cell)];
  let counts = new Float32Array(columns * rows);
  for (let i = 0; i < lab.count; i++) {
    if (!lab.shown[i]) continue;
    const [px, py] = toScreen(lab, lab.positions[2 * i], lab.positions[2 * i + 1]);
    const [column, row] = [Math.floor(px / cell), Math.floor(py / cell)];
    if (column >= 0 && row >= 0 && column < columns && row < rows) counts[row * columns + column]++;
  }
  for (let turn = 0; turn < 3; turn++) {
    counts = smoothed(counts, rows, columns, 1, columns);
    counts = smoothed(counts, columns, rows, columns, 1);
  }
  const most = counts.reduce((a, b) => Math.max(a, b), 0) || 1;
  const [red, green, blue] = painted(lab.ink.primary);
  const image = new ImageData(columns, rows);
  counts.forEach((count, at) => {
    image.data.set([red, green, blue, 150 * Math.sqrt(count / most)], 4 * at);
  });
  drawSmall(lab, context, image, 0, 0, columns * cell, rows * cell);
}

// A running mean along lines of a grid; three of them are close to a Gaussian.
function smoothed(values, lines, length, step, jump) {
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

function drawGrid(lab, context) {
  const { grid } = lab.arrays;
  const [rows, columns] = lab.shapes.grid;
  const [left, right, bottom, top] = lab.meta.extent;
  lab.gridImage ??= gridImage(lab, grid, rows, columns);
  const [x0, y0] = toScreen(lab, left, top);
  const [x1, y1] = toScreen(lab, right, bottom);
  drawSmall(lab, context, lab.gridImage, x0, y0, x1 - x0, y1 - y0);
}

function gridImage(lab, grid, rows, columns) {
  const colours = ramp(lab.settings.grid_scale);
  const range = lab.settings.grid_range ?? rangeOf(grid);
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

// Draws an image larger than it is, and smoothly.
function drawSmall(lab, context, image, left, top, width, height) {
  lab.small ??= document.createElement("canvas");
  lab.small.width = image.width;
  lab.small.height = image.height;
  lab.small.getContext("2d").putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  context.drawImage(lab.small, left, top, width, height);
}

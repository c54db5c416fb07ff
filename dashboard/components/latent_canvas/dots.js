// Ten thousand points in a few milliseconds: small discs written straight into the pixels.
// Nothing is destructured in the inner loops: that makes objects, and there are millions of turns.

const PLACES = 4; // a disc is drawn at quarters of a pixel, so that slow movement is smooth
const discs = new Map(); // radius -> the shares of the pixels it covers, for each of the places

function drawDots(lab) {
  const began = performance.now();
  const context = lab.parts.dots.getContext("2d");
  const { width, height } = lab.parts.dots;
  if (lab.pixels?.width !== width || lab.pixels?.height !== height) {
    lab.pixels = new ImageData(width, height);
    lab.words32 = new Uint32Array(lab.pixels.data.buffer);
  }
  lab.words32.fill(0);
  const { picked } = lab;
  if (picked) stampAll(lab, 0, lab.strength * 0.22, 0.8);
  stampAll(lab, 1, lab.strength, 1);
  context.putImageData(lab.pixels, 0, 0);
  lab.drawMs = performance.now() - began;
}

// Smaller the more there are, larger the nearer one looks.
function radiusOf(lab) {
  const near = (lab.view.scale / fitting(lab).scale) ** 0.25;
  const many = 7.6 / Math.max(50, lab.count) ** 0.13;
  const behind = lab.settings.background === "images" ? 0.75 : 1;
  return Math.min(5, Math.max(1.2, many) * Math.min(2, Math.max(1, near)) * behind);
}

function stampAll(lab, wanted, strength, size) {
  const { positions, shown, picked, colours, view, ratio, words32 } = lab;
  const { width, height } = lab.pixels;
  const { covers, side } = disc(radiusOf(lab) * ratio * size, strength);
  const half = (side - 1) / 2;
  const scale = view.scale * ratio;
  const [left, top] = [width / 2 - view.x * scale - half, height / 2 + view.y * scale - half];
  for (let i = 0; i < lab.count; i++) {
    if (!shown[i] || (picked && picked[i] !== wanted)) continue;
    const x = left + positions[2 * i] * scale;
    const y = top - positions[2 * i + 1] * scale;
    // Whatever is no number fails this as well.
    if (!(x > -side && y > -side && x < width && y < height)) continue;
    const column = Math.floor(x);
    const row = Math.floor(y);
    const place = Math.floor((y - row) * PLACES) * PLACES + Math.floor((x - column) * PLACES);
    stampOne(words32, width, height, column, row, covers, place * side * side, side, colours[i]);
  }
}

function stampOne(words32, width, height, column, row, covers, from, side, colour) {
  const first = Math.max(0, -column);
  const last = Math.min(side, width - column);
  const end = Math.min(side, height - row);
  for (let dy = Math.max(0, -row); dy < end; dy++) {
    const line = (row + dy) * width + column;
    const cover = from + dy * side;
    for (let dx = first; dx < last; dx++) {
      const alpha = covers[cover + dx];
      if (alpha !== 0) words32[line + dx] = over(words32[line + dx], colour, alpha);
    }
  }
}

// A colour of some opacity, 0 to 255, laid over a pixel; both as 0xAABBGGRR.
function over(under, colour, alpha) {
  const below = under >>> 24;
  if (below === 0 || alpha === 255) return ((alpha << 24) | colour) >>> 0;
  const total = alpha + (below * (255 - alpha)) / 255;
  // Mostly a point lies on others of its class.
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
  const covers = new Uint8Array(PLACES * PLACES * side * side);
  for (let at = 0; at < covers.length; at++) {
    const place = Math.floor(at / (side * side));
    const [row, column] = [Math.floor((at % (side * side)) / side), at % side];
    const x = column - half - ((place % PLACES) + 0.5) / PLACES + 0.5;
    const y = row - half - (Math.floor(place / PLACES) + 0.5) / PLACES + 0.5;
    const covered = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(x, y)));
    covers[at] = Math.round(255 * strength * covered);
  }
  return { covers, side };
}

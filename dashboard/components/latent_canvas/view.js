// What part of the map is in view: its centre, and how many pixels one unit of the map takes.

const GLIDE = 300; // ms
const MARGIN = 26; // px between the outermost points and the edge
const FILLS = 0.6; // a map that fills less of what is in view is brought nearer

function toScreen(lab, x, y) {
  const { view } = lab;
  return [(x - view.x) * view.scale + lab.width / 2, lab.height / 2 - (y - view.y) * view.scale];
}

function toMap(lab, px, py) {
  const { view } = lab;
  return [(px - lab.width / 2) / view.scale + view.x, (lab.height / 2 - py) / view.scale + view.y];
}

// Returns [left, right, bottom, top] of all places in some arrays; null for none.
function boxOf(clouds) {
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

// What is in view before anyone moves it. It changes only when the points have outgrown it, or have
// drawn together, so that a map that is learnt does not tremble.
function setHome(lab, clouds, anew) {
  const box = boxOf(clouds) ?? [-1, 1, -1, 1];
  const [left, right, bottom, top] = lab.home ?? box;
  const inside = box[0] >= left && box[1] <= right && box[2] >= bottom && box[3] <= top;
  const share = Math.max((box[1] - box[0]) / (right - left), (box[3] - box[2]) / (top - bottom));
  if (lab.home && !anew && inside && !(share < FILLS)) return;
  lab.home = box;
  if (anew) lab.moved = false;
  if (!lab.moved) glide(lab, fitting(lab));
}

function fitting(lab) {
  const [left, right, bottom, top] = lab.home;
  const [wide, high] = [right - left || 1e-6, top - bottom || 1e-6];
  const room = [Math.max(1, lab.width - 2 * MARGIN), Math.max(1, lab.height - 2 * MARGIN)];
  let scale = Math.min(room[0] / wide, room[1] / high);
  if (wide <= 1e-6 && high <= 1e-6) scale = 100;
  return { x: (left + right) / 2, y: (bottom + top) / 2, scale };
}

function showAll(lab) {
  lab.moved = false;
  glide(lab, fitting(lab));
}

function glide(lab, to) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (!lab.view || !lab.width || still) {
    lab.view = to;
    lab.glide = null;
  } else {
    lab.glide = { from: { ...lab.view }, to, began: performance.now() };
  }
  redraw(lab, "ground", "dots", "marks");
}

// Returns whether it is still under way.
function advanceView(lab, now) {
  if (!lab.glide) return false;
  const { from, to, began } = lab.glide;
  const share = eased((now - began) / GLIDE);
  const mix = (a, b) => a + (b - a) * share;
  // Pixels per unit change by an equal factor, not by an equal amount: that looks steady.
  const scale = from.scale * (to.scale / from.scale) ** share;
  lab.view = { x: mix(from.x, to.x), y: mix(from.y, to.y), scale };
  redraw(lab, "ground", "dots", "marks");
  if (share < 1) return true;
  lab.view = to;
  lab.glide = null;
  return false;
}

function eased(share) {
  const t = Math.min(1, Math.max(0, share));
  return t * t * (3 - 2 * t);
}

function pan(lab, dx, dy) {
  const { view } = lab;
  moveView(lab, { ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale });
}

// Zooms so that the place under a pixel stays there.
function zoom(lab, factor, [px, py] = [lab.width / 2, lab.height / 2]) {
  const [x, y] = toMap(lab, px, py);
  const whole = fitting(lab).scale;
  const scale = Math.min(whole * 400, Math.max(whole / 8, lab.view.scale * factor));
  const [dx, dy] = [(px - lab.width / 2) / scale, (lab.height / 2 - py) / scale];
  moveView(lab, { x: x - dx, y: y - dy, scale });
}

function moveView(lab, view) {
  lab.moved = true;
  lab.glide = null;
  lab.view = view;
  redraw(lab, "ground", "dots", "marks", "look");
}

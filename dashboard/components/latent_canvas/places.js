// From a place on the map to what is there: the nearest point, or a code and its image.

const NEIGHBOURS = 8;

// The nearest visible point within some pixels of a place on the screen, or -1.
function nearestPoint(lab, [px, py], reach) {
  const { positions, shown } = lab;
  const [x, y] = toMap(lab, px, py);
  let best = -1;
  let least = (reach / lab.view.scale) ** 2;
  for (let i = 0; i < lab.count; i++) {
    const dx = positions[2 * i] - x;
    const dy = positions[2 * i + 1] - y;
    const distance = dx * dx + dy * dy;
    if (distance < least && shown[i]) {
      best = i;
      least = distance;
    }
  }
  return best;
}

// Returns the code of a place on the map, or null where no way back is known.
function codeAt(lab, x, y) {
  const { origin, basis, codes } = lab.arrays;
  if (basis) return linearCode(lab, origin, basis, x, y);
  return codes ? neighbourCode(lab, codes, x, y) : null;
}

function linearCode(lab, origin, basis, x, y) {
  const units = origin.length;
  lab.code = lab.code?.length === units ? lab.code : new Float32Array(units);
  for (let j = 0; j < units; j++) lab.code[j] = origin[j] + x * basis[j] + y * basis[units + j];
  return lab.code;
}

// The mean of the nearest points' codes, weighted by the inverse of the squared distance.
function neighbourCode(lab, codes, x, y) {
  const units = codes.length / lab.count;
  lab.code = lab.code?.length === units ? lab.code : new Float32Array(units);
  const { near, far } = nearestPoints(lab.time.target, lab.count, x, y);
  const least = 1e-9 * extentOf(lab) ** 2;
  const total = far.reduce((sum, distance) => sum + 1 / (distance + least), 0);
  lab.code.fill(0);
  near.forEach((index, k) => {
    const weight = 1 / (far[k] + least) / total;
    for (let j = 0; j < units; j++) lab.code[j] += weight * codes[index * units + j];
  });
  return lab.code;
}

// The larger side of what the points fill, found once for each place they take.
function extentOf({ time }) {
  if (time.extent === null) {
    const [left, right, bottom, top] = boxOf([time.target]) ?? [0, 0, 0, 0];
    time.extent = Math.max(right - left, top - bottom) || 1;
  }
  return time.extent;
}

// The nearest few, kept in order while all are looked at once.
function nearestPoints(positions, count, x, y) {
  const near = [];
  const far = [];
  const most = Math.min(NEIGHBOURS, count);
  for (let i = 0; i < count; i++) {
    const dx = positions[2 * i] - x;
    const dy = positions[2 * i + 1] - y;
    const distance = dx * dx + dy * dy;
    if (far.length === most && !(distance < far[most - 1])) continue;
    let place = Math.min(far.length, most - 1);
    for (; place > 0 && far[place - 1] > distance; place--) {
      [near[place], far[place]] = [near[place - 1], far[place - 1]];
    }
    [near[place], far[place]] = [i, distance];
  }
  return { near, far };
}

// Returns the decoder's image of a place, or null; it is overwritten by the next one.
function imageAt(lab, x, y) {
  if (!lab.decode || !isFresh(lab)) return null;
  const began = performance.now();
  const code = codeAt(lab, x, y);
  if (!code) return null;
  const pixels = lab.decode(code);
  lab.decodeMs = performance.now() - began;
  return pixels;
}

// Decoder, reconstructions and colours are those of one step; at another one they would be wrong.
function isFresh(lab) {
  const { step } = lab.settings;
  return isFollowing(lab) || step === null || shownStep(lab) === step;
}

// The visible points inside a closed line of places on the map.
function pointsInside(lab, line) {
  const found = [];
  for (let i = 0; i < lab.count; i++) {
    if (lab.shown[i] && isInside(lab.positions[2 * i], lab.positions[2 * i + 1], line)) found.push(i);
  }
  return found;
}

function isInside(x, y, line) {
  let inside = false;
  for (let a = 0, b = line.length - 1; a < line.length; b = a++) {
    const [[ax, ay], [bx, by]] = [line[a], line[b]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}

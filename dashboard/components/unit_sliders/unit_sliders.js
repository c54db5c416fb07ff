// Sliders for the units of a code. The decoder comes as a parcel and is computed here.

const mounted = new WeakMap(); // element -> what is wanted of it, and where its sliders stand

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".unit-sliders");
  const panel = mounted.get(root) ?? mountPanel(root);
  panel.wanted = data;
  dressPanel(panel);
  takeDecoder(panel);
  return () => root.isConnected || unmountPanel(panel);
}

function mountPanel(root) {
  const panel = { root, rows: root.querySelector(".unit-sliders-rows"), code: [], off: new Set() };
  panel.arrived = () => takeDecoder(panel);
  window.addEventListener("aecore-parcel", panel.arrived);
  root.querySelector(".unit-sliders-reset").addEventListener("click", () => restart(panel));
  mounted.set(root, panel);
  return panel;
}

function unmountPanel(panel) {
  window.removeEventListener("aecore-parcel", panel.arrived);
  mounted.delete(panel.root);
}

function dressPanel(panel) {
  const { root, wanted } = panel;
  root.dataset.key = wanted.key;
  root.style.setProperty("--height", `${wanted.height}px`);
  root.setAttribute("aria-label", wanted.label);
  root.querySelector(".unit-sliders-reset").textContent = wanted.words.reset;
  const captions = [wanted.words.image, wanted.words.start, wanted.words.change];
  root.querySelectorAll("figcaption").forEach((each, k) => (each.textContent = captions[k]));
  const about = JSON.stringify([wanted.revision, wanted.order]);
  if (panel.about === about) return;
  panel.about = about;
  restart(panel);
}

function restart(panel) {
  panel.code = Float32Array.from(panel.wanted.code);
  panel.off.clear();
  panel.rows.replaceChildren(...panel.wanted.order.map((unit) => makeRow(panel, unit)));
  paint(panel);
}

function makeRow(panel, unit) {
  const { wanted, code, off } = panel;
  const row = document.createElement("div");
  row.className = "unit-sliders-row";
  const [on, name, slider, value] = ["input", "label", "input", "output"].map((tag) =>
    row.appendChild(document.createElement(tag)),
  );
  name.textContent = wanted.words.unit.replace("{unit}", unit);
  Object.assign(on, { type: "checkbox", checked: true });
  on.setAttribute("aria-label", wanted.words.on.replace("{unit}", unit));
  const [low, high] = [wanted.low[unit], wanted.high[unit]];
  Object.assign(slider, { type: "range", min: low, max: high, step: (high - low) / 200 || 1 });
  slider.setAttribute("aria-label", name.textContent);
  slider.value = code[unit];
  value.textContent = code[unit].toFixed(2);
  slider.addEventListener("input", () => {
    code[unit] = Number(slider.value);
    value.textContent = code[unit].toFixed(2);
    paint(panel);
  });
  on.addEventListener("change", () => {
    off[on.checked ? "delete" : "add"](unit);
    row.classList.toggle("off", !on.checked);
    paint(panel);
  });
  return row;
}

function takeDecoder(panel) {
  const [name, version] = panel.wanted.parcel;
  const found = window.aecoreParcels?.get(name);
  if (found?.version !== version || panel.version === version) return;
  panel.version = version;
  panel.shape = found.meta.shape;
  panel.decode = makeDecoder(found.meta.layers, found.arrays);
  paint(panel);
}

function paint(panel) {
  if (!panel.decode) return;
  const { root, wanted, shape } = panel;
  // Each call of the decoder overwrites what the one before returned.
  const start = panel.decode(Float32Array.from(wanted.code)).map(bounded);
  const code = panel.code.map((value, unit) => (panel.off.has(unit) ? wanted.mean[unit] : value));
  const image = panel.decode(code).map(bounded);
  const [now, before, change] = root.querySelectorAll("canvas");
  drawPixels(now, shape, (i) => grey(image[i]));
  drawPixels(before, shape, (i) => grey(start[i]));
  drawPixels(change, shape, (i) => signed(image[i] - start[i]));
  panel.root.image = image;
}

function bounded(value) {
  return Math.min(1, Math.max(0, value));
}

function grey(value) {
  return [255 * value, 255 * value, 255 * value];
}

// Blue where ink went, orange where it came; by the root, since most changes are small.
function signed(value) {
  const size = Math.sqrt(Math.abs(value));
  return value > 0 ? [251 * size, 155 * size, 6 * size] : [4 * size, 98 * size, 218 * size];
}

function drawPixels(canvas, [height, width], colour) {
  Object.assign(canvas, { width, height });
  const picture = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) picture.data.set([...colour(i), 255], 4 * i);
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

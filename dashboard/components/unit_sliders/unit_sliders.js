// Sliders for the units of a code. The decoder arrives as a bundle and is evaluated here.

import { makeDecoder } from "../decoder/decoder.js";

const mounted = new WeakMap(); // element -> its state: newest props, and the code of the sliders

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".unit-sliders");
  const panel = mounted.get(root) ?? mountPanel(root);
  panel.props = data;
  updatePanel(panel);
  updateDecoder(panel);
  return () => root.isConnected || unmountPanel(panel);
}

function mountPanel(root) {
  const panel = { root, rows: root.querySelector(".unit-sliders-rows"), code: [], off: new Set() };
  panel.onBundle = () => updateDecoder(panel);
  window.addEventListener("aecore-bundle", panel.onBundle);
  root.querySelector(".unit-sliders-reset").addEventListener("click", () => restart(panel));
  mounted.set(root, panel);
  return panel;
}

function unmountPanel(panel) {
  window.removeEventListener("aecore-bundle", panel.onBundle);
  mounted.delete(panel.root);
}

function updatePanel(panel) {
  const { root, props } = panel;
  root.dataset.key = props.key;
  root.style.setProperty("--height", `${props.height}px`);
  root.setAttribute("aria-label", props.label);
  root.querySelector(".unit-sliders-reset").textContent = props.words.reset;
  const captions = [props.words.image, props.words.start, props.words.change];
  root.querySelectorAll("figcaption").forEach((each, k) => (each.textContent = captions[k]));
  const signature = JSON.stringify([props.revision, props.order]);
  if (panel.signature === signature) return;
  panel.signature = signature;
  restart(panel);
}

function restart(panel) {
  panel.code = Float32Array.from(panel.props.code);
  panel.off.clear();
  panel.rows.replaceChildren(...panel.props.order.map((unit) => makeRow(panel, unit)));
  paint(panel);
}

function makeRow(panel, unit) {
  const { props, code, off } = panel;
  const row = document.createElement("div");
  row.className = "unit-sliders-row";
  const [on, name, slider, value] = ["input", "label", "input", "output"].map((tag) =>
    row.appendChild(document.createElement(tag)),
  );
  name.textContent = props.words.unit.replace("{unit}", unit);
  Object.assign(on, { type: "checkbox", checked: true });
  on.setAttribute("aria-label", props.words.on.replace("{unit}", unit));
  const [low, high] = [props.low[unit], props.high[unit]];
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

function updateDecoder(panel) {
  const [name, version] = panel.props.bundle;
  const bundle = window.aecoreBundles?.get(name);
  if (bundle?.version !== version || panel.version === version) return;
  panel.version = version;
  panel.shape = bundle.meta.shape;
  panel.decode = makeDecoder(bundle.meta.layers, bundle.arrays);
  paint(panel);
}

function paint(panel) {
  if (!panel.decode) return;
  const { root, props, shape } = panel;
  // Each call of the decoder overwrites its previous result, hence the copy by `map`.
  const start = panel.decode(Float32Array.from(props.code)).map(clamp);
  const code = panel.code.map((value, unit) => (panel.off.has(unit) ? props.mean[unit] : value));
  const image = panel.decode(code).map(clamp);
  const [now, before, change] = root.querySelectorAll("canvas");
  drawPixels(now, shape, (i) => grey(image[i]));
  drawPixels(before, shape, (i) => grey(start[i]));
  drawPixels(change, shape, (i) => signed(image[i] - start[i]));
  panel.root.image = image;
}

function clamp(value) {
  return Math.min(1, Math.max(0, value));
}

function grey(value) {
  return [255 * value, 255 * value, 255 * value];
}

// Blue where a pixel got darker, orange where it got brighter; the square root enlarges small changes.
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

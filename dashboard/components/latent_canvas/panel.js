// The side panel: images and text for what is under the cursor, colour scales and the legend.

import { colourPoints, rangeOf } from "./colours.js";
import { paint } from "./ground.js";
import { redraw } from "./latent_canvas.js";
import { imageAt, isFresh, nearestPoint } from "./places.js";
import { toMap } from "./view.js";

const QUIET = 500; // ms without change before the text goes to a screen reader

// Shows what is under the cursor, or else the chosen point.
export function showPanel(state) {
  const { cursor } = state;
  if (cursor) cursor.index = nearestPoint(state, cursor.at, cursor.reach);
  const index = cursor ? cursor.index : state.chosen;
  if (index >= 0) showPoint(state, index);
  else if (cursor) showPlace(state, ...toMap(state, ...cursor.at));
  else showNothing(state);
}

function showPoint(state, index) {
  const { arrays, words } = state;
  const [x, y] = [state.positions[2 * index], state.positions[2 * index + 1]];
  showImage(state, 0, words.image, pixelsOf(state, arrays.images, index), 1);
  const reconstructions = isFresh(state) ? pixelsOf(state, arrays.reconstructions, index) : null;
  showImage(state, 1, words.reconstructions, reconstructions, 1);
  const lines = [`${coordinate(x)}, ${coordinate(y)}`];
  if (state.byValue) lines.unshift(`${state.settings.colour_title}: ${short(arrays.colour[index])}`);
  const number = words.point.replace("{index}", index.toLocaleString("en-US"));
  showText(state, classOf(state, index) ?? number, [classOf(state, index) ? number : "", ...lines]);
}

function showPlace(state, x, y) {
  const { words } = state;
  const pixels = imageAt(state, x, y);
  showImage(state, 0, words.image, null, 1);
  showImage(state, 1, words.decoded, pixels, 255);
  if (pixels) state.lastDecoded = pixels;
  const reason = pixels || !state.decode ? "" : words.elsewhere;
  const position = `${coordinate(x)}, ${coordinate(y)}`;
  showText(state, pixels ? words.place : words.empty, [reason, position]);
}

function showNothing(state) {
  showImage(state, 0, state.words.image, null, 1);
  showImage(state, 1, state.words.reconstructions, null, 1);
  showText(state, "", [state.words.hint]);
}

function pixelsOf(state, images, index) {
  const length = images ? images.length / state.count : 0;
  return length ? images.subarray(index * length, (index + 1) * length) : null;
}

function showImage(state, side, caption, pixels, white) {
  const [figure, canvas] = [state.parts.figures[side], state.parts.pictures[side]];
  figure.dataset.empty = String(!pixels);
  setText(state.parts.captions[side], caption);
  if (pixels) paint(state, canvas, pixels, white);
}

function showText(state, head, lines) {
  setText(state.parts.head, head);
  setText(state.parts.lines, lines.filter(Boolean).join("\n"));
  const text = [head, ...lines].filter(Boolean).join(", ");
  if (text === state.text) return;
  state.text = text;
  clearTimeout(state.speechTimer);
  state.speechTimer = setTimeout(() => setText(state.parts.spoken, text), QUIET);
}

function classOf(state, index) {
  return state.meta.classes?.[state.arrays.labels?.[index]];
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function coordinate(value) {
  return value.toFixed(Math.abs(value) < 100 ? 2 : 0);
}

function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "–";
}

// Shows what holds for the whole map: the number of points and the meaning of the colours.
export function showLegend(state) {
  const { parts, words, meta, settings } = state;
  const all = state.count.toLocaleString("en-US");
  const some = state.selected.length.toLocaleString("en-US");
  const template = state.selected.length ? words.selected : words.points;
  setText(parts.tally, template.replace("{selected}", some).replace("{count}", all));
  showScale(parts.scale, state.byValue, settings.colour_title, settings.scale, state.range);
  const ground = settings.background === "grid" && state.arrays.grid;
  const range = ground ? (settings.grid_range ?? rangeOf(ground)) : null;
  showScale(parts.gridScale, Boolean(ground), settings.grid_title, settings.grid_scale, range);
  const classes = meta.classes ?? [];
  const key = JSON.stringify([classes, settings.palette]);
  if (parts.legend.dataset.key !== key) {
    parts.legend.dataset.key = key;
    parts.legend.replaceChildren(...classes.map((text, number) => legendEntry(state, text, number)));
  }
  parts.legend.dataset.plain = String(state.byValue);
  [...parts.legend.children].forEach((button, number) => {
    button.setAttribute("aria-pressed", String(!state.hidden.has(number)));
  });
  // Fallback content, for browsers without canvas and for screen readers.
  setText(parts.marks, [state.settings.label, parts.tally.textContent, ...classes].join(", "));
}

function legendEntry(state, text, number) {
  const button = document.createElement("button");
  const { palette } = state.settings;
  button.type = "button";
  button.textContent = text;
  button.title = state.words.toggle.replace("{name}", text);
  button.style.setProperty("--colour", palette[number % palette.length]);
  button.addEventListener("click", () => {
    if (!state.hidden.delete(number)) state.hidden.add(number);
    colourPoints(state);
    showLegend(state);
    redraw(state, "ground", "dots", "marks", "panel");
  });
  return button;
}

function showScale(element, visible, title, knots, range) {
  element.hidden = !visible;
  if (!visible) return;
  const [heading, bar, low, high] = element.children;
  setText(heading, title);
  bar.style.background = `linear-gradient(to right, ${knots.join(", ")})`;
  setText(low, short(range[0]));
  setText(high, short(range[1]));
}

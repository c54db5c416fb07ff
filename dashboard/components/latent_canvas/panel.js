// The side panel: images of what is under the cursor, what is said of it, scales and the legend.

const QUIET = 500; // ms of rest before a screen reader is told

// Finds what is under the cursor, or else what is chosen, and shows it.
function look(lab) {
  const { cursor } = lab;
  if (cursor) cursor.index = nearestPoint(lab, cursor.at, cursor.reach);
  const index = cursor ? cursor.index : lab.chosen;
  if (index >= 0) showPoint(lab, index);
  else if (cursor) showPlace(lab, ...toMap(lab, ...cursor.at));
  else showNothing(lab);
}

function showPoint(lab, index) {
  const { arrays, words } = lab;
  const [x, y] = [lab.positions[2 * index], lab.positions[2 * index + 1]];
  showImage(lab, 0, words.image, pixelsOf(lab, arrays.images, index), 1);
  const rebuilt = isFresh(lab) ? pixelsOf(lab, arrays.rebuilt, index) : null;
  showImage(lab, 1, words.rebuilt, rebuilt, 1);
  const lines = [`${place(x)}, ${place(y)}`];
  if (lab.byValue) lines.unshift(`${lab.settings.colour_title}: ${short(arrays.colour[index])}`);
  const number = words.point.replace("{index}", index.toLocaleString("en-US"));
  say(lab, classOf(lab, index) ?? number, [classOf(lab, index) ? number : "", ...lines]);
}

function showPlace(lab, x, y) {
  const { words } = lab;
  const pixels = imageAt(lab, x, y);
  showImage(lab, 0, words.image, null, 1);
  showImage(lab, 1, words.decoded, pixels, 255);
  if (pixels) lab.lastDecoded = pixels;
  const why = pixels || !lab.decode ? "" : words.elsewhere;
  say(lab, pixels ? words.place : words.empty, [why, `${place(x)}, ${place(y)}`]);
}

function showNothing(lab) {
  showImage(lab, 0, lab.words.image, null, 1);
  showImage(lab, 1, lab.words.rebuilt, null, 1);
  say(lab, "", [lab.words.hint]);
}

function pixelsOf(lab, images, index) {
  const length = images ? images.length / lab.count : 0;
  return length ? images.subarray(index * length, (index + 1) * length) : null;
}

function showImage(lab, side, caption, pixels, white) {
  const [figure, canvas] = [lab.parts.figures[side], lab.parts.pictures[side]];
  figure.dataset.empty = String(!pixels);
  setText(lab.parts.captions[side], caption);
  if (pixels) paint(lab, canvas, pixels, white);
}

function say(lab, head, lines) {
  setText(lab.parts.head, head);
  setText(lab.parts.lines, lines.filter(Boolean).join("\n"));
  const said = [head, ...lines].filter(Boolean).join(", ");
  if (said === lab.said) return;
  lab.said = said;
  clearTimeout(lab.speaking);
  lab.speaking = setTimeout(() => setText(lab.parts.spoken, said), QUIET);
}

function classOf(lab, index) {
  return lab.meta.classes?.[lab.arrays.labels?.[index]];
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function place(value) {
  return value.toFixed(Math.abs(value) < 100 ? 2 : 0);
}

function short(value) {
  return Number.isFinite(value) ? String(Number(value.toPrecision(3))) : "–";
}

// What holds for the whole map: how many points, what the colours mean.
function showLegend(lab) {
  const { parts, words, meta, settings } = lab;
  const all = lab.count.toLocaleString("en-US");
  const some = lab.selected.length.toLocaleString("en-US");
  const said = lab.selected.length ? words.selected : words.points;
  setText(parts.tally, said.replace("{selected}", some).replace("{count}", all));
  showScale(parts.scale, lab.byValue, settings.colour_title, settings.scale, lab.range);
  const ground = settings.background === "grid" && lab.arrays.grid;
  const range = ground ? (settings.grid_range ?? rangeOf(ground)) : null;
  showScale(parts.gridScale, Boolean(ground), settings.grid_title, settings.grid_scale, range);
  const classes = meta.classes ?? [];
  const key = JSON.stringify([classes, settings.palette]);
  if (parts.legend.dataset.key !== key) {
    parts.legend.dataset.key = key;
    parts.legend.replaceChildren(...classes.map((text, number) => entry(lab, text, number)));
  }
  parts.legend.dataset.plain = String(lab.byValue);
  [...parts.legend.children].forEach((button, number) => {
    button.setAttribute("aria-pressed", String(!lab.hidden.has(number)));
  });
  // What a browser without a canvas, or a reader of the page's text, is given.
  setText(parts.marks, [lab.settings.label, parts.tally.textContent, ...classes].join(", "));
}

function entry(lab, text, number) {
  const button = document.createElement("button");
  const { palette } = lab.settings;
  button.type = "button";
  button.textContent = text;
  button.title = lab.words.toggle.replace("{name}", text);
  button.style.setProperty("--colour", palette[number % palette.length]);
  button.addEventListener("click", () => {
    if (!lab.hidden.delete(number)) lab.hidden.add(number);
    colourPoints(lab);
    showLegend(lab);
    redraw(lab, "ground", "dots", "marks", "look");
  });
  return button;
}

function showScale(element, wanted, title, knots, range) {
  element.hidden = !wanted;
  if (!wanted) return;
  const [heading, bar, low, high] = element.children;
  setText(heading, title);
  bar.style.background = `linear-gradient(to right, ${knots.join(", ")})`;
  setText(low, short(range[0]));
  setText(high, short(range[1]));
}

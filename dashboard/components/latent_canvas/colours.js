// Colours of classes and of values, and the page's own.

// 256 colours between evenly spaced knots, each as 0xBBGGRR.
function ramp(knots) {
  const channels = knots.map(channelsOf);
  return Uint32Array.from({ length: 256 }, (_, step) => {
    const place = (step / 255) * (channels.length - 1);
    const low = Math.min(Math.floor(place), channels.length - 2);
    const mix = (c) => channels[low][c] + (channels[low + 1][c] - channels[low][c]) * (place - low);
    return asPixel([0, 1, 2].map((c) => Math.round(mix(c))));
  });
}

function channelsOf(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}

function asPixel([red, green, blue]) {
  return ((blue << 16) | (green << 8) | red) >>> 0;
}

// Any colour that CSS can say, as red, green and blue, 0 to 255.
function painted(colour) {
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  dot.fillStyle = colour;
  dot.fillRect(0, 0, 1, 1);
  return [...dot.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

function readInk(lab) {
  const style = getComputedStyle(lab.root);
  const say = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const [text, ground, primary] = ["text-color", "background-color", "primary-color"].map(say);
  lab.ink = { text, ground, primary, font: say("font"), channels: painted(text) };
}

// Gives each point its colour, of its class or of its value, and says whether it is shown.
function colourPoints(lab) {
  const { count, arrays, hidden, settings } = lab;
  const { labels, colour } = arrays;
  lab.byValue = colour instanceof Float32Array;
  const palette = settings.palette.map((hex) => asPixel(channelsOf(hex)));
  const neutral = asPixel(channelsOf(settings.neutral));
  lab.colours = new Uint32Array(count);
  lab.shown = new Uint8Array(count).fill(1);
  lab.ramp = ramp(settings.scale);
  lab.range = lab.byValue ? (settings.range ?? rangeOf(colour)) : null;
  const classes = colour ?? labels;
  for (let i = 0; i < count; i++) {
    if (lab.byValue) lab.colours[i] = valueColour(lab, colour[i], neutral);
    else if (classes && classes[i] >= 0) lab.colours[i] = palette[classes[i] % palette.length];
    else lab.colours[i] = neutral;
    if (labels && hidden.has(labels[i])) lab.shown[i] = 0;
  }
}

function valueColour({ ramp: colours, range: [low, high] }, value, neutral) {
  if (!Number.isFinite(value)) return neutral;
  return colours[Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1))))];
}

function rangeOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high && value !== Infinity) high = value;
  }
  return low > high ? [0, 1] : [low, high];
}

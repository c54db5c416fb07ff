// Colours of classes, of values and of the page's theme.

// Returns 256 colours interpolated between evenly spaced knots, each as 0xBBGGRR.
export function ramp(knots) {
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

// Returns any CSS colour as red, green and blue, 0 to 255.
export function rgbOf(colour) {
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  dot.fillStyle = colour;
  dot.fillRect(0, 0, 1, 1);
  return [...dot.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

export function readInk(state) {
  const style = getComputedStyle(state.root);
  const themeValue = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const [text, ground, primary] = ["text-color", "background-color", "primary-color"].map(themeValue);
  state.ink = { text, ground, primary, font: themeValue("font"), channels: rgbOf(text) };
}

// Sets each point's colour, by class or by value, and whether it is visible.
export function colourPoints(state) {
  const { count, arrays, hidden, settings } = state;
  const { labels, colour } = arrays;
  state.byValue = colour instanceof Float32Array;
  const palette = settings.palette.map((hex) => asPixel(channelsOf(hex)));
  const neutral = asPixel(channelsOf(settings.neutral));
  state.colours = new Uint32Array(count);
  state.visible = new Uint8Array(count).fill(1);
  state.ramp = ramp(settings.scale);
  state.range = state.byValue ? (settings.range ?? rangeOf(colour)) : null;
  const classes = colour ?? labels;
  for (let i = 0; i < count; i++) {
    if (state.byValue) state.colours[i] = valueColour(state, colour[i], neutral);
    else if (classes && classes[i] >= 0) state.colours[i] = palette[classes[i] % palette.length];
    else state.colours[i] = neutral;
    if (labels && hidden.has(labels[i])) state.visible[i] = 0;
  }
}

export function valueColour({ ramp: colours, range: [low, high] }, value, neutral) {
  if (!Number.isFinite(value)) return neutral;
  return colours[Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1))))];
}

export function rangeOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high && value !== Infinity) high = value;
  }
  return low > high ? [0, 1] : [low, high];
}

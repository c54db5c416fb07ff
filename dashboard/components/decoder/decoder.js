// A decoder in plain numbers: layers as `decoder_layers` describes them, applied to one code at a
// time. `ACTIVATIONS`, functions of a number by name, stands before this text.

// Returns a function from a code to pixels; each call overwrites what the one before returned.
export function makeDecoder(layers, arrays) {
  const steps = layers.map((layer) => STEPS[layer.kind](layer, arrays));
  return (code) => steps.reduce((values, step) => step(values, code), code);
}

const STEPS = {
  activation: ({ name }) => {
    const activation = ACTIVATIONS[name];
    return (values) => {
      for (let j = 0; j < values.length; j++) values[j] = activation(values[j]);
      return values;
    };
  },
  linear: (layer, arrays) => {
    const out = new Float32Array(layer.outputs);
    const [weight, bias] = [arrays[layer.weight], arrays[layer.bias]];
    return (values) => {
      out.set(bias);
      return addProduct(values, weight, out);
    };
  },
  path: (layer, arrays) => (values, code) => {
    const bias = arrays[layer.bias];
    for (let j = 0; j < values.length; j++) values[j] += bias[j];
    return addProduct(code, arrays[layer.weight], values);
  },
  // Between these two, the channels of a pixel lie side by side: the innermost loop runs over them.
  unflatten: ({ channels, height, width }) => {
    const out = new Float32Array(channels * height * width);
    return (values) => transposed(values, out, channels, height * width);
  },
  flatten: ({ channels, height, width }) => {
    const out = new Float32Array(channels * height * width);
    return (values) => transposed(values, out, height * width, channels);
  },
  conv_transpose: (layer, arrays) => {
    const out = new Float32Array(layer.outputs * layer.height * layer.width);
    const [weight, bias] = [arrays[layer.weight], arrays[layer.bias]];
    return (values) => {
      for (let at = 0; at < out.length; at += layer.outputs) out.set(bias, at);
      spread(values, weight, out, layer);
      return out;
    };
  },
};

// out += values @ weight, weight of shape (values, out); most values behind a relu are zero.
function addProduct(values, weight, out) {
  const width = out.length;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === 0) continue;
    const row = i * width;
    for (let j = 0; j < width; j++) out[j] += value * weight[row + j];
  }
  return out;
}

function transposed(values, out, rows, columns) {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = values[i * columns + j];
  }
  return out;
}

// A convolution turned round (3x3, stride 2, padding 1): each pixel adds to nine, twice as far apart.
function spread(values, weight, out, { inputs, outputs, height, width }) {
  const [rows, columns] = [(height + 1) >> 1, (width + 1) >> 1];
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      for (let i = 0; i < inputs; i++) {
        const value = values[(y * columns + x) * inputs + i];
        if (value !== 0) spreadOne(value, y, x, i);
      }
    }
  }

  function spreadOne(value, y, x, i) {
    for (let dy = 0; dy < 3; dy++) {
      const to = 2 * y - 1 + dy;
      if (to < 0 || to >= height) continue;
      for (let dx = 0; dx < 3; dx++) {
        const across = 2 * x - 1 + dx;
        if (across < 0 || across >= width) continue;
        const from = ((i * 3 + dy) * 3 + dx) * outputs;
        const at = (to * width + across) * outputs;
        for (let j = 0; j < outputs; j++) out[at + j] += value * weight[from + j];
      }
    }
  }
}

// Abramowitz and Stegun (1964), 7.1.26: off by at most 1.5e-7.
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const powers = [1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592];
  const sum = powers.reduce((total, power) => (total + power) * t, 0);
  return Math.sign(x) * (1 - sum * Math.exp(-x * x));
}

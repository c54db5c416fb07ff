// Reads a bundle and stores its arrays by name on the page, where other components find them.

const TYPES = { f4: Float32Array, u1: Uint8Array, i4: Int32Array };
const stored = new WeakMap(); // element -> the bundle it stored
const store = (window.aecoreBundles ??= new Map());

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".bundle");
  const { content, rest } = readHeader(data, 0);
  const before = stored.get(root);
  if (before && store.get(before.name) === before && same(before, content)) return unmount;
  if (before && before.name !== content.name) remove(before);
  const bundle = { ...content, ...readArrays(data, rest) };
  stored.set(root, bundle);
  store.set(bundle.name, bundle);
  window.dispatchEvent(new CustomEvent("aecore-bundle", { detail: bundle.name }));
  return unmount;

  // Streamlit also calls this for a superseded script run; the element is still in use then.
  function unmount() {
    if (!root.isConnected && stored.has(root)) remove(stored.get(root));
  }
}

function same(one, other) {
  return one.name === other.name && one.version === other.version;
}

// Another element may have stored a newer bundle of the same name meanwhile.
function remove(bundle) {
  if (store.get(bundle.name) === bundle) store.delete(bundle.name);
}

function readHeader(bytes, start) {
  const length = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0, true);
  const text = new TextDecoder().decode(bytes.subarray(start + 4, start + 4 + length));
  return { content: JSON.parse(text), rest: (start + 4 + length + 3) & ~3 };
}

function readArrays(bytes, start) {
  const { content, rest } = readHeader(bytes, start);
  const arrays = {};
  const shapes = {};
  for (const { name, type, shape, offset } of content.arrays) {
    const Kind = TYPES[type];
    const length = shape.reduce((product, side) => product * side, 1) * Kind.BYTES_PER_ELEMENT;
    // A copy, because the offset of the bytes in the message need not be a multiple of four.
    const copy = bytes.slice(rest + offset, rest + offset + length);
    arrays[name] = new Kind(copy.buffer, copy.byteOffset, length / Kind.BYTES_PER_ELEMENT);
    shapes[name] = shape;
  }
  return { meta: content.meta, arrays, shapes };
}

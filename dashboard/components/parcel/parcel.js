// Opens a parcel and leaves its arrays under a name on the page, where other components find them.

const TYPES = { f4: Float32Array, u1: Uint8Array, i4: Int32Array };
const brought = new WeakMap(); // element -> the parcel it left
const store = (window.aecoreParcels ??= new Map());

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".parcel");
  const { content, rest } = readHeader(data, 0);
  const before = brought.get(root);
  if (before && store.get(before.name) === before && same(before, content)) return leave;
  if (before && before.name !== content.name) withdraw(before);
  const parcel = { ...content, ...opened(data, rest) };
  brought.set(root, parcel);
  store.set(parcel.name, parcel);
  root.dataset.opened = Number(root.dataset.opened ?? 0) + 1;
  window.dispatchEvent(new CustomEvent("aecore-parcel", { detail: parcel.name }));
  return leave;

  // Streamlit also calls this for a run that a newer one overtook; then the element is in use.
  function leave() {
    if (!root.isConnected && brought.has(root)) withdraw(brought.get(root));
  }
}

function same(one, other) {
  return one.name === other.name && one.version === other.version;
}

// Another element may have brought a newer one of the same name meanwhile.
function withdraw(parcel) {
  if (store.get(parcel.name) === parcel) store.delete(parcel.name);
}

function readHeader(bytes, start) {
  const length = new DataView(bytes.buffer, bytes.byteOffset + start).getUint32(0, true);
  const text = new TextDecoder().decode(bytes.subarray(start + 4, start + 4 + length));
  return { content: JSON.parse(text), rest: (start + 4 + length + 3) & ~3 };
}

function opened(bytes, start) {
  const { content, rest } = readHeader(bytes, start);
  const arrays = {};
  const shapes = {};
  for (const { name, type, shape, place } of content.arrays) {
    const Kind = TYPES[type];
    const length = shape.reduce((product, side) => product * side, 1) * Kind.BYTES_PER_ELEMENT;
    // A copy: where the bytes lie in the message is no multiple of four.
    const copy = bytes.slice(rest + place, rest + place + length);
    arrays[name] = new Kind(copy.buffer, copy.byteOffset, length / Kind.BYTES_PER_ELEMENT);
    shapes[name] = shape;
  }
  return { meta: content.meta, arrays, shapes };
}

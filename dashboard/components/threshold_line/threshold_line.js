// A line over a figure that is dragged along its x axis. Where it is goes to Python some times a second.

const TOLD_MS = 150;
const STEPS = 200; // from one end to the other, by arrow keys
const LEAPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const lines = new WeakMap(); // element -> what is wanted of it, and where its line is

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".threshold-line");
  const line = lines.get(root) ?? mountLine(root, data);
  line.tell = setStateValue;
  line.wanted = data;
  if (line.hand === null && data.count === line.count) line.at = data.at;
  root.dataset.key = data.key;
  root.style.setProperty("--line", data.colour);
  root.querySelector(".threshold-line-words").textContent = data.hint;
  follow(line);
  return () => root.isConnected || unmountLine(line);
}

function mountLine(root, { count }) {
  const bar = root.querySelector(".threshold-line-bar");
  const line = { root, bar, count, hand: null, at: 0, toldAt: 0, timer: null, figure: null };
  line.redrawn = () => put(line);
  line.observer = new ResizeObserver(line.redrawn);
  line.observer.observe(root);
  bar.addEventListener("pointerdown", (event) => grasp(line, event));
  bar.addEventListener("pointermove", (event) => event.pointerId === line.hand && drag(line, event));
  bar.addEventListener("pointerup", (event) => letGo(line, event));
  bar.addEventListener("pointercancel", (event) => letGo(line, event));
  bar.addEventListener("keydown", (event) => press(line, event));
  lines.set(root, line);
  return line;
}

function unmountLine(line) {
  line.observer.disconnect();
  line.figure?.removeListener?.("plotly_afterplot", line.redrawn);
  clearTimeout(line.timer);
  lines.delete(line.root);
}

// The figure may come after the line, and be another after a while.
function follow(line) {
  const figure = document.querySelector(`.live-figure[data-key="${line.wanted.figure}"]`);
  if (!figure?._fullLayout?.xaxis?._length) {
    if (line.root.isConnected) requestAnimationFrame(() => follow(line));
    return;
  }
  if (figure !== line.figure) {
    line.figure = figure;
    figure.on("plotly_afterplot", line.redrawn);
  }
  put(line);
}

// Lays the line where its place is on the figure's axis, as that is zoomed now.
function put({ root, bar, figure, wanted, at }) {
  const axis = figure?._fullLayout?.xaxis;
  if (!axis) return;
  const across = axis.d2p(at);
  bar.hidden = !wanted.movable || across < -1 || across > axis._length + 1;
  const [here, there] = [root, figure].map((each) => each.getBoundingClientRect());
  const { t, h } = figure._fullLayout._size;
  bar.style.left = `${there.left - here.left + axis._offset + across}px`;
  bar.style.top = `${there.top - here.top + t}px`;
  bar.style.height = `${h}px`;
  const [low, high] = wanted.extent;
  const says = { label: wanted.label, valuemin: low, valuemax: high, valuenow: at };
  for (const [name, value] of Object.entries(says)) bar.setAttribute(`aria-${name}`, value);
  bar.setAttribute("aria-valuetext", Number(at.toPrecision(3)));
}

function grasp(line, event) {
  if (line.hand !== null || event.button !== 0) return;
  event.preventDefault();
  line.bar.focus();
  line.bar.setPointerCapture(event.pointerId);
  line.bar.dataset.held = "";
  line.hand = event.pointerId;
}

function drag(line, event) {
  const axis = line.figure._fullLayout.xaxis;
  const across = event.clientX - line.figure.getBoundingClientRect().left - axis._offset;
  move(line, axis.p2d(across));
}

function letGo(line, event) {
  if (event.pointerId !== line.hand) return;
  line.hand = null;
  delete line.bar.dataset.held;
}

function press(line, event) {
  const [low, high] = line.wanted.extent;
  const ends = { Home: low, End: high };
  if (!(event.key in LEAPS) && !(event.key in ends)) return;
  event.preventDefault();
  event.stopPropagation();
  move(line, ends[event.key] ?? line.at + (LEAPS[event.key] * (high - low)) / STEPS);
}

function move(line, place) {
  const [low, high] = line.wanted.extent;
  line.at = Math.min(high, Math.max(low, place));
  put(line);
  if (line.timer !== null) return;
  const wait = Math.max(0, line.toldAt + TOLD_MS - performance.now());
  line.timer = setTimeout(() => tell(line), wait);
}

function tell(line) {
  line.timer = null;
  line.toldAt = performance.now();
  line.count += 1;
  line.tell("dragged", [line.at, line.count]);
}

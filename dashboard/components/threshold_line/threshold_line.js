// A line over a figure, dragged along its x axis. It reports its position several times a second.

const REPORT_MS = 150;
const STEPS = 200; // presses of an arrow key from one end to the other
const KEY_STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const lines = new WeakMap(); // element -> its state: newest props, and the line's position

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".threshold-line");
  const line = lines.get(root) ?? mountLine(root, data);
  line.setStateValue = setStateValue;
  line.props = data;
  // Where a position is still to be reported, the page does not know it yet.
  const isReported = line.timer === null && data.count === line.count;
  if (line.pointer === null && isReported) line.at = data.at;
  root.dataset.key = data.key;
  root.style.setProperty("--line", data.colour);
  root.querySelector(".threshold-line-words").textContent = data.hint;
  attach(line);
  return () => root.isConnected || unmountLine(line);
}

function mountLine(root, { count }) {
  const bar = root.querySelector(".threshold-line-bar");
  const line = { root, bar, count, pointer: null, at: 0, reportedAt: 0, timer: null, figure: null };
  line.onRedraw = () => place(line);
  line.observer = new ResizeObserver(line.onRedraw);
  line.observer.observe(root);
  bar.addEventListener("pointerdown", (event) => startDrag(line, event));
  bar.addEventListener("pointermove", (event) => event.pointerId === line.pointer && drag(line, event));
  bar.addEventListener("pointerup", (event) => endDrag(line, event));
  bar.addEventListener("pointercancel", (event) => endDrag(line, event));
  bar.addEventListener("keydown", (event) => press(line, event));
  lines.set(root, line);
  return line;
}

function unmountLine(line) {
  line.observer.disconnect();
  line.figure?.removeListener?.("plotly_afterplot", line.onRedraw);
  clearTimeout(line.timer);
  lines.delete(line.root);
}

// The figure may be drawn after the line, and its element may be replaced later.
function attach(line) {
  const figure = document.querySelector(`.live-figure[data-key="${line.props.figure}"]`);
  if (!figure?._fullLayout?.xaxis?._length) {
    if (line.root.isConnected) requestAnimationFrame(() => attach(line));
    return;
  }
  if (figure !== line.figure) {
    line.figure = figure;
    figure.on("plotly_afterplot", line.onRedraw);
  }
  place(line);
}

// Places the line on the figure's x axis at its present zoom.
function place({ root, bar, figure, props, at }) {
  const axis = figure?._fullLayout?.xaxis;
  if (!axis) return;
  const x = axis.d2p(at);
  bar.hidden = !props.movable || x < -1 || x > axis._length + 1;
  const [own, target] = [root, figure].map((each) => each.getBoundingClientRect());
  const { t, h } = figure._fullLayout._size;
  bar.style.left = `${target.left - own.left + axis._offset + x}px`;
  bar.style.top = `${target.top - own.top + t}px`;
  bar.style.height = `${h}px`;
  const [low, high] = props.extent;
  const aria = { label: props.label, valuemin: low, valuemax: high, valuenow: at };
  for (const [name, value] of Object.entries(aria)) bar.setAttribute(`aria-${name}`, value);
  bar.setAttribute("aria-valuetext", Number(at.toPrecision(3)));
}

function startDrag(line, event) {
  if (line.pointer !== null || event.button !== 0) return;
  event.preventDefault();
  line.bar.focus();
  line.bar.setPointerCapture(event.pointerId);
  line.bar.dataset.held = "";
  line.pointer = event.pointerId;
}

function drag(line, event) {
  const axis = line.figure._fullLayout.xaxis;
  const x = event.clientX - line.figure.getBoundingClientRect().left - axis._offset;
  move(line, axis.p2d(x));
}

function endDrag(line, event) {
  if (event.pointerId !== line.pointer) return;
  line.pointer = null;
  delete line.bar.dataset.held;
}

function press(line, event) {
  const [low, high] = line.props.extent;
  const ends = { Home: low, End: high };
  if (!(event.key in KEY_STEPS) && !(event.key in ends)) return;
  event.preventDefault();
  event.stopPropagation();
  move(line, ends[event.key] ?? line.at + (KEY_STEPS[event.key] * (high - low)) / STEPS);
}

function move(line, position) {
  const [low, high] = line.props.extent;
  line.at = Math.min(high, Math.max(low, position));
  place(line);
  if (line.timer !== null) return;
  const delay = Math.max(0, line.reportedAt + REPORT_MS - performance.now());
  line.timer = setTimeout(() => report(line), delay);
}

function report(line) {
  line.timer = null;
  line.reportedAt = performance.now();
  line.count += 1;
  line.setStateValue("dragged", [line.at, line.count]);
}

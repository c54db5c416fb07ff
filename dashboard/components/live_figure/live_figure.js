// Draws a Plotly figure in place. If several figures arrive before a frame, only the newest is drawn.

const mounted = new WeakMap(); // element -> its state: newest props, and what was last drawn
const channels = new Map(); // CSS colour -> its red, green and blue, 0 to 255

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".live-figure");
  const state = mounted.get(root) ?? mount(root);
  state.props = data;
  state.setTriggerValue = setTriggerValue;
  prepare(root, data);
  schedule(root, state);
  // Streamlit also calls this for a superseded script run; the element is still in use then.
  return () => root.isConnected || unmount(root, state);
}

function mount(root) {
  const state = { props: null, signature: "", busy: false, pressed: false };
  Object.assign(state, { view: {}, resets: 0, tool: "lasso" });
  mounted.set(root, state);
  root.dataset.redraws = "0";
  state.observer = new ResizeObserver(() => schedule(root, state));
  state.observer.observe(root);
  // A redraw in the middle of a drag would cancel it.
  root.addEventListener("pointerdown", () => (state.pressed = true));
  state.release = () => {
    state.pressed = false;
    schedule(root, state);
  };
  window.addEventListener("pointerup", state.release);
  window.addEventListener("pointercancel", state.release);
  return state;
}

function unmount(root, state) {
  state.observer.disconnect();
  window.removeEventListener("pointerup", state.release);
  window.removeEventListener("pointercancel", state.release);
  window.Plotly?.purge(root);
  mounted.delete(root);
}

function prepare(root, { key, height, label, empty, spec }) {
  root.dataset.key = key;
  root.dataset.empty = spec === null ? empty : "";
  root.style.height = `${height}px`;
  root.setAttribute("aria-label", spec === null && empty ? `${label}: ${empty}` : label);
}

// A hidden tab gets no animation frames: it draws nothing until it is visible again.
async function schedule(root, state) {
  if (state.busy) return;
  state.busy = true;
  try {
    do await nextFrame();
    while (!window.Plotly && root.isConnected);
    while (root.isConnected && !state.pressed && (await draw(root, state)));
  } finally {
    state.busy = false;
  }
}

function nextFrame() {
  return new Promise(requestAnimationFrame);
}

// Returns whether anything was drawn; if so, newer props may have arrived meanwhile.
async function draw(root, state) {
  const { spec, reports } = state.props;
  const size = { width: root.clientWidth, height: root.clientHeight };
  const template = pageTemplate(root);
  const signature = JSON.stringify([spec, size, template, state.resets, state.tool]);
  if (!size.width || signature === state.signature) return false;
  state.signature = signature;
  if (spec === null) {
    window.Plotly.purge(root);
    state.listening = false;
    return true;
  }
  const { data, layout } = JSON.parse(spec);
  const fullLayout = { ...layout, ...zoomedAxes(layout, state), ...size, template };
  if (reports === "selected") fullLayout.dragmode = state.tool;
  state.config ??= config(root, state);
  state.drawing = true;
  await window.Plotly.react(root, data, fullLayout, state.config);
  state.drawing = false;
  if (!state.listening) listen(root, state);
  root.dataset.redraws = Number(root.dataset.redraws) + 1;
  return true;
}

// Created once per element: Plotly rebuilds the whole figure when any part of it is a new object.
function config(root, state) {
  const { key, reports, words: [showAll, saveImage] } = state.props;
  const { home, camera } = window.Plotly.Icons;
  const image = { format: "png", scale: 2, filename: key };
  const save = () => window.Plotly.downloadImage(root, image);
  const buttons = [
    { name: "reset", title: showAll, icon: home, click: () => reset(root, state) },
    { name: "save", title: saveImage, icon: camera, click: save },
  ];
  const tools = reports === "selected" ? [toolButtons(root, state)] : [];
  return { displaylogo: false, doubleClick: false, modeBarButtons: [...tools, buttons] };
}

// Buttons that choose what a drag does. Plotly's own cannot be translated.
function toolButtons(root, state) {
  const { lasso, selectbox, zoombox } = window.Plotly.Icons;
  const [, , withLasso, withBox, zoomIn] = state.props.words;
  const use = (tool) => {
    state.tool = tool;
    schedule(root, state);
  };
  return [
    { name: "lasso", title: withLasso, icon: lasso, click: () => use("lasso") },
    { name: "box", title: withBox, icon: selectbox, click: () => use("select") },
    { name: "zoom", title: zoomIn, icon: zoombox, click: () => use("zoom") },
  ];
}

// Plotly loses the zoom when the data's range changes, so the zoomed ranges are kept in `view`.
function zoomedAxes(layout, state) {
  const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
  const entry = (name) => {
    const range = state.view[name];
    const zoom = range ? { range: [...range], autorange: false } : {};
    return [name, { ...layout[name], ...zoom, uirevision: state.resets }];
  };
  return Object.fromEntries(axes.map(entry));
}

function listen(root, state) {
  state.listening = true;
  root.on("plotly_relayout", (change) => {
    for (const name of Object.keys(change)) {
      const axis = /^([xy]axis\d*)\.range/.exec(name)?.[1];
      if (axis) state.view[axis] = root._fullLayout[axis].range.slice();
    }
  });
  root.on("plotly_doubleclick", () => reset(root, state));
  // Plotly also emits selection events while it draws; only those of the user count.
  const report = (name, event) => {
    if (state.drawing || state.props.reports !== name) return;
    state.setTriggerValue(name, (event?.points ?? []).map(({ customdata }) => customdata));
  };
  root.on("plotly_click", (event) => report("clicked", event));
  root.on("plotly_selected", (event) => report("selected", event));
  root.on("plotly_deselect", () => report("selected", null));
}

function reset(root, state) {
  state.view = {};
  state.resets += 1;
  schedule(root, state);
}

// Returns a Plotly template with the page's font and colours.
function pageTemplate(root) {
  const style = getComputedStyle(root);
  const themeValue = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const names = ["text-color", "background-color", "border-color"];
  const [text, background, border] = names.map(themeValue);
  const muted = { color: withAlpha(text, 0.65) };
  const axis = {
    automargin: true,
    gridcolor: withAlpha(text, 0.1),
    zerolinecolor: withAlpha(text, 0.25),
    tickfont: muted,
    title: { font: muted },
  };
  return {
    layout: {
      font: { family: themeValue("font"), size: 12, color: text },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: { bgcolor: background, bordercolor: border, font: { color: text } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: withAlpha(text, 0.4), activecolor: text },
      legend: { bgcolor: "rgba(0,0,0,0)" },
      annotationdefaults: { font: { size: 11, ...muted } },
      shapedefaults: { label: { font: { size: 11, ...muted } } },
    },
  };
}

// Returns any CSS colour with the given opacity.
function withAlpha(colour, alpha) {
  const [red, green, blue] = channels.get(colour) ?? readChannels(colour);
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}

function readChannels(colour) {
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  dot.fillStyle = colour;
  dot.fillRect(0, 0, 1, 1);
  channels.set(colour, dot.getImageData(0, 0, 1, 1).data);
  return channels.get(colour);
}

// Draws a Plotly figure in place. Only the newest of the figures that arrive is drawn.

const mounted = new WeakMap(); // element -> what is wanted of it, and what was last drawn
const channels = new Map(); // colour -> its red, green and blue, 0 to 255

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".live-figure");
  const state = mounted.get(root) ?? mount(root);
  state.wanted = data;
  state.tell = setTriggerValue;
  prepare(root, data);
  schedule(root, state);
  // Streamlit also calls this for a run that a newer one overtook; then the element is still in use.
  return () => root.isConnected || unmount(root, state);
}

function mount(root) {
  const state = { wanted: null, drawn: "", busy: false, held: false, view: {}, resets: 0, tool: "lasso" };
  mounted.set(root, state);
  root.dataset.redraws = "0";
  state.observer = new ResizeObserver(() => schedule(root, state));
  state.observer.observe(root);
  // A redraw in the middle of a drag would take the zoom box out of the hand that draws it.
  root.addEventListener("pointerdown", () => (state.held = true));
  state.release = () => {
    state.held = false;
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

// Frames do not tick in a hidden tab: nothing is drawn there, and the newest once it is seen again.
async function schedule(root, state) {
  if (state.busy) return;
  state.busy = true;
  try {
    do await nextFrame();
    while (!window.Plotly && root.isConnected);
    while (root.isConnected && !state.held && (await draw(root, state)));
  } finally {
    state.busy = false;
  }
}

function nextFrame() {
  return new Promise(requestAnimationFrame);
}

// Returns whether something had to be drawn, so that what arrived meanwhile is drawn next.
async function draw(root, state) {
  const { spec } = state.wanted;
  const size = { width: root.clientWidth, height: root.clientHeight };
  const template = pageTemplate(root);
  const wanted = JSON.stringify([spec, size, template, state.resets, state.tool]);
  if (!size.width || wanted === state.drawn) return false;
  state.drawn = wanted;
  if (spec === null) {
    window.Plotly.purge(root);
    state.listening = false;
    return true;
  }
  const { data, layout } = JSON.parse(spec);
  const kept = { ...layout, ...keptAxes(layout, state), ...size, template };
  if (state.wanted.tells === "selected") kept.dragmode = state.tool;
  state.config ??= config(root, state);
  state.drawing = true;
  await window.Plotly.react(root, data, kept, state.config);
  state.drawing = false;
  if (!state.listening) listen(root, state);
  root.dataset.redraws = Number(root.dataset.redraws) + 1;
  return true;
}

// Made once: Plotly builds a figure anew whenever a part of this is another object.
function config(root, state) {
  const { key, words: [showAll, saveImage] } = state.wanted;
  const { home, camera } = window.Plotly.Icons;
  const image = { format: "png", scale: 2, filename: key };
  const save = () => window.Plotly.downloadImage(root, image);
  const buttons = [
    { name: "reset", title: showAll, icon: home, click: () => reset(root, state) },
    { name: "save", title: saveImage, icon: camera, click: save },
  ];
  const tools = state.wanted.tells === "selected" ? [toolButtons(root, state)] : [];
  return { displaylogo: false, doubleClick: false, modeBarButtons: [...tools, buttons] };
}

// What a drag does: Plotly's own buttons know no language but theirs.
function toolButtons(root, state) {
  const { lasso, selectbox, zoombox } = window.Plotly.Icons;
  const [, , withLasso, withBox, zoomIn] = state.wanted.words;
  const take = (tool) => {
    state.tool = tool;
    schedule(root, state);
  };
  return [
    { name: "lasso", title: withLasso, icon: lasso, click: () => take("lasso") },
    { name: "box", title: withBox, icon: selectbox, click: () => take("select") },
    { name: "zoom", title: zoomIn, icon: zoombox, click: () => take("zoom") },
  ];
}

// Plotly forgets a zoom where the ranges of the data move on: they are kept here.
function keptAxes(layout, state) {
  const axes = Object.keys(layout).filter((name) => /^[xy]axis\d*$/.test(name));
  const entry = (name) => {
    const range = state.view[name];
    const held = range ? { range: [...range], autorange: false } : {};
    return [name, { ...layout[name], ...held, uirevision: state.resets }];
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
  // Drawing a figure lets Plotly speak of selections, too; only hands are listened to.
  const tell = (what, event) => {
    if (state.drawing || state.wanted.tells !== what) return;
    state.tell(what, (event?.points ?? []).map(meant));
  };
  root.on("plotly_click", (event) => tell("clicked", event));
  root.on("plotly_selected", (event) => tell("selected", event));
  root.on("plotly_deselect", () => tell("selected", null));
}

function meant({ customdata }) {
  return customdata;
}

function reset(root, state) {
  state.view = {};
  state.resets += 1;
  schedule(root, state);
}

// The page's own font and colours, as the defaults of every axis, legend and label.
function pageTemplate(root) {
  const style = getComputedStyle(root);
  const say = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const [text, ground, border] = ["text-color", "background-color", "border-color"].map(say);
  const quiet = { color: faded(text, 0.65) };
  const axis = {
    automargin: true,
    gridcolor: faded(text, 0.1),
    zerolinecolor: faded(text, 0.25),
    tickfont: quiet,
    title: { font: quiet },
  };
  return {
    layout: {
      font: { family: say("font"), size: 12, color: text },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: { bgcolor: ground, bordercolor: border, font: { color: text } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: faded(text, 0.4), activecolor: text },
      legend: { bgcolor: "rgba(0,0,0,0)" },
      annotationdefaults: { font: { size: 11, ...quiet } },
      shapedefaults: { label: { font: { size: 11, ...quiet } } },
    },
  };
}

// A colour made more transparent, whichever way CSS says it.
function faded(colour, share) {
  const [red, green, blue] = channels.get(colour) ?? read(colour);
  return `rgba(${red}, ${green}, ${blue}, ${share})`;
}

function read(colour) {
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  dot.fillStyle = colour;
  dot.fillRect(0, 0, 1, 1);
  channels.set(colour, dot.getImageData(0, 0, 1, 1).data);
  return channels.get(colour);
}

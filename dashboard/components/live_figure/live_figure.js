// Draws a Plotly figure in place. Only the newest of the figures that arrive is drawn.

const CONFIG = {
  displaylogo: false,
  doubleClick: "reset",
  modeBarButtons: [["resetScale2d", "toImage"]],
};
const mounted = new WeakMap(); // element -> what is wanted of it, and what was last drawn

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".live-figure");
  const state = mounted.get(root) ?? mount(root);
  state.wanted = data;
  prepare(root, data);
  schedule(root, state);
  // Streamlit also calls this for a run that a newer one overtook; then the element is still in use.
  return () => root.isConnected || unmount(root, state);
}

function mount(root) {
  const state = { wanted: null, drawn: "", busy: false, held: false };
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
  const wanted = JSON.stringify([spec, size, template]);
  if (!size.width || wanted === state.drawn) return false;
  state.drawn = wanted;
  if (spec === null) {
    window.Plotly.purge(root);
    return true;
  }
  const { data, layout } = JSON.parse(spec);
  await window.Plotly.react(root, data, { ...layout, ...size, template }, CONFIG);
  root.dataset.redraws = Number(root.dataset.redraws) + 1;
  return true;
}

// The page's own font and colours, as the defaults of every axis, legend and label.
function pageTemplate(root) {
  const style = getComputedStyle(root);
  const say = (name) => style.getPropertyValue(`--st-${name}`).trim();
  const [text, ground, border] = ["text-color", "background-color", "border-color"].map(say);
  const muted = mix(text, 0.65);
  const quiet = { color: muted };
  const axis = {
    automargin: true,
    gridcolor: mix(text, 0.1),
    zerolinecolor: mix(text, 0.25),
    tickfont: quiet,
    title: { font: quiet },
  };
  return {
    layout: {
      font: { family: say("font"), size: 12, color: text },
      xaxis: axis,
      yaxis: axis,
      hoverlabel: { bgcolor: ground, bordercolor: border, font: { color: text } },
      modebar: { bgcolor: "rgba(0,0,0,0)", color: mix(text, 0.4), activecolor: text },
      legend: { bgcolor: "rgba(0,0,0,0)" },
      annotationdefaults: { font: { size: 11, ...quiet } },
      shapedefaults: { label: { font: { size: 11, ...quiet } } },
    },
  };
}

// A colour made more transparent.
function mix(colour, share) {
  const dot = document.createElement("canvas").getContext("2d");
  dot.fillStyle = colour;
  dot.fillRect(0, 0, 1, 1);
  const [red, green, blue] = dot.getImageData(0, 0, 1, 1).data;
  return `rgba(${red}, ${green}, ${blue}, ${share})`;
}

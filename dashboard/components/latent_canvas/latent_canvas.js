// A map of codes on which every place answers with an image. The parts lie in the files beside this.

const mounted = new WeakMap(); // element -> all that is known of it

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".latent-canvas");
  const lab = mounted.get(root) ?? mount(root, data);
  lab.send = setStateValue;
  lab.wanted = data;
  gather(lab);
  // Streamlit also calls this for a run that a newer one overtook; then the element is still in use.
  return () => root.isConnected || unmount(root, lab);
}

function mount(root, data) {
  const lab = {
    root,
    parts: partsOf(root),
    counters: { frames: 0 },
    hands: new Map(), // pointers that are down, and where
    hidden: new Set(), // classes that the legend has switched off
    tiles: new Map(), // decoded images behind the points
    time: { frames: [], at: 0, goal: 0, playing: false },
    stale: new Set(), // what has to be drawn in the next frame
    count: 0,
    width: 0,
    tool: "pan",
    chosen: -1,
    pins: [],
    selected: [],
  };
  Object.assign(lab, { words: data.words, settings: data.settings, meta: {}, arrays: {} });
  lab.toScreen = (x, y) => toScreen(lab, x, y);
  lab.toMap = (px, py) => toMap(lab, px, py);
  mounted.set(root, lab);
  root.lab = lab;
  root.dataset.redraws = "0";
  root.dataset.key = data.key;
  lab.arrived = () => gather(lab);
  window.addEventListener("aecore-parcel", lab.arrived);
  lab.observer = new ResizeObserver(() => resize(lab));
  lab.observer.observe(lab.parts.map);
  listenToHands(lab);
  listenToTime(lab);
  listenToTools(lab);
  return lab;
}

function unmount(root, lab) {
  lab.observer.disconnect();
  window.removeEventListener("aecore-parcel", lab.arrived);
  clearTimeout(lab.speaking);
  mounted.delete(root);
}

function partsOf(root) {
  const one = (part) => root.querySelector(`.latent-canvas-${part}`);
  const all = (what) => [...root.querySelectorAll(`.latent-canvas-pair ${what}`)];
  const names = ["map", "ground", "dots", "marks", "tally", "head", "lines", "scale", "legend"];
  const parts = Object.fromEntries([...names, "spoken", "time", "play", "step"].map((n) => [n, one(n)]));
  parts.gridScale = one("grid-scale");
  parts.slider = one("slider");
  parts.tools = [...root.querySelectorAll("[data-word]")];
  const pair = { figures: all("figure"), pictures: all("canvas"), captions: all("figcaption") };
  return { ...parts, ...pair };
}

// Takes what is wanted once all parcels it names are on the page, each in its version.
function gather(lab) {
  const { wanted } = lab;
  dress(lab, wanted);
  const store = window.aecoreParcels;
  const parcels = Object.entries(wanted.parcels).map(([parcel, version]) => {
    const found = store?.get(parcel);
    return found?.version === version ? found : null;
  });
  if (parcels.includes(null)) return;
  const parts = JSON.stringify(wanted.parcels);
  const news = JSON.stringify([wanted.settings, parts, wanted.given, wanted.revision]);
  readInk(lab);
  if (news !== lab.news) {
    lab.news = news;
    accept(lab, parts === lab.accepted ? null : parcels);
    lab.accepted = parts;
  }
  redraw(lab, "ground", "dots", "marks", "look");
}

function dress(lab, { words, height, settings }) {
  const { root, parts } = lab;
  root.style.setProperty("--height", `${height}px`);
  parts.map.setAttribute("aria-label", `${settings.label}. ${words.keys}`);
  parts.slider.setAttribute("aria-label", words.time);
  root.dataset.waiting = lab.accepted === undefined ? words.waiting : "";
  for (const tool of parts.tools) name(tool, words[tool.dataset.word]);
}

function name(button, text) {
  if (button.title === text) return;
  button.title = text;
  button.setAttribute("aria-label", text);
}

function accept(lab, parcels) {
  const { settings, given, revision } = lab.wanted;
  const anew = settings.map !== lab.settings.map || lab.accepted === undefined;
  lab.settings = settings;
  if (parcels) unite(lab, parcels);
  // A number of other points: what was marked of the old ones means nothing now.
  const first = lab.revision !== revision;
  if (first || lab.markedOf !== lab.count) remember(lab, first ? given : {});
  lab.revision = revision;
  lab.markedOf = lab.count;
  lab.strength = settings.background === "images" ? 0.7 : 0.85;
  if (anew) lab.outline = null;
  setTimeline(lab);
  if (first && given.frame !== undefined) goTo(lab, given.frame);
  colourPoints(lab);
  pickSelected(lab);
  setHome(lab, lab.time.frames.map((frame) => frame.positions), anew);
  lab.gridImage = null;
  lab.root.dataset.waiting = "";
}

function unite(lab, parcels) {
  lab.meta = Object.assign({}, ...parcels.map((parcel) => parcel.meta));
  lab.arrays = Object.assign({}, ...parcels.map((parcel) => parcel.arrays));
  lab.shapes = Object.assign({}, ...parcels.map((parcel) => parcel.shapes));
  lab.frames = parcels.flatMap(({ arrays }) => framesOf(arrays));
  const { points, labels } = lab.arrays;
  const length = lab.frames[0]?.positions.length ?? 0;
  lab.count = points ? points.length / 2 : (labels?.length ?? length / 2);
  lab.tiles.clear();
  lab.decode = lab.meta.layers ? makeDecoder(lab.meta.layers, lab.arrays) : null;
}

function framesOf({ frames, steps }) {
  if (!frames || !steps?.length) return [];
  const length = frames.length / steps.length;
  return [...steps].map((step, k) => {
    return { step, positions: frames.subarray(k * length, (k + 1) * length) };
  });
}

function remember(lab, { selected = [], chosen = null, pins = [] }) {
  lab.selected = selected.filter((index) => index < lab.count);
  lab.chosen = chosen !== null && chosen < lab.count ? chosen : -1;
  lab.pins = pins.filter(([, , index]) => index < lab.count);
  lab.outline = null;
}

function goTo(lab, step) {
  const { time } = lab;
  const place = step === null ? -1 : time.frames.findIndex((frame) => frame.step === step);
  time.goal = time.at = place < 0 ? last(lab) : place;
  interpolate(lab);
  lab.positions.set(time.target);
  showTime(lab);
}

// With the revision: what was told before the server set something else is void.
function tell(lab, what, value) {
  lab.send(what, { revision: lab.revision, value });
}

function listenToTools(lab) {
  const acts = {
    lasso: () => useTool(lab, "lasso"),
    box: () => useTool(lab, "box"),
    pin: () => useTool(lab, "pin"),
    nearer: () => zoom(lab, 1.5),
    farther: () => zoom(lab, 1 / 1.5),
    all: () => showAll(lab),
    clear: () => clearAll(lab),
  };
  for (const tool of lab.parts.tools) tool.addEventListener("click", acts[tool.dataset.word]);
}

function useTool(lab, tool) {
  lab.tool = lab.tool === tool ? "pan" : tool;
  lab.parts.map.dataset.tool = lab.tool;
  for (const button of lab.parts.tools.filter((each) => each.hasAttribute("aria-pressed"))) {
    button.setAttribute("aria-pressed", String(button.dataset.word === lab.tool));
  }
}

function resize(lab) {
  const { map, ground, dots, marks } = lab.parts;
  lab.ratio = window.devicePixelRatio || 1;
  [lab.width, lab.height] = [map.clientWidth, map.clientHeight];
  for (const canvas of [ground, dots, marks]) {
    canvas.width = Math.round(lab.width * lab.ratio);
    canvas.height = Math.round(lab.height * lab.ratio);
  }
  if (lab.home && !lab.moved) lab.view = fitting(lab);
  lab.glide = null;
  redraw(lab, "ground", "dots", "marks", "look");
}

// Has layers drawn in the next frame; nothing is drawn while nothing changes.
function redraw(lab, ...layers) {
  for (const layer of layers) lab.stale.add(layer);
  lab.due ??= requestAnimationFrame((now) => frame(lab, now));
}

function frame(lab, now) {
  lab.due = null;
  if (!lab.root.isConnected || !lab.width || !lab.positions || !lab.view) return;
  const moves = [advanceView(lab, now), advanceTime(lab, now)].includes(true);
  const { stale } = lab;
  lab.stale = new Set();
  if (stale.has("look")) look(lab);
  const more = stale.has("ground") && drawGround(lab);
  if (stale.has("dots")) drawDots(lab);
  if (stale.has("marks")) drawMarks(lab);
  lab.counters.frames += 1;
  lab.root.dataset.redraws = String(lab.counters.frames);
  if (more) redraw(lab, "ground");
  if (moves) redraw(lab);
}

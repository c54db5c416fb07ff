// An interactive map of codes. This file mounts and updates it; the files beside it hold its parts.

import { makeDecoder } from "../decoder/decoder.js";
import { colourPoints, readInk } from "./colours.js";
import { drawDots } from "./dots.js";
import { clearAll, listenToPointers, updateSelectedMask } from "./gestures.js";
import { drawGround } from "./ground.js";
import { drawMarks } from "./marks.js";
import { showPanel } from "./panel.js";
import {
  advanceTime,
  interpolate,
  lastIndex,
  listenToTime,
  setTimeline,
  showTime,
} from "./time.js";
import { advanceView, fitView, setHome, showAll, toMap, toScreen, zoom } from "./view.js";

const mounted = new WeakMap(); // element -> its state

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".latent-canvas");
  const state = mounted.get(root) ?? mount(root, data);
  state.send = setStateValue;
  state.props = data;
  receive(state);
  // Streamlit also calls this for a superseded script run; the element is still in use then.
  return () => root.isConnected || unmount(root, state);
}

function mount(root, data) {
  const state = {
    root,
    parts: partsOf(root),
    counters: { frames: 0 },
    pointers: new Map(), // id of each pressed pointer -> its position in pixels
    hidden: new Set(), // classes switched off in the legend
    tiles: new Map(), // decoded images behind the points
    time: { frames: [], index: 0, targetIndex: 0, playing: false },
    staleLayers: new Set(), // layers to draw in the next frame
    count: 0,
    width: 0,
    tool: "pan",
    chosen: -1,
    pins: [],
    selected: [],
  };
  Object.assign(state, { words: data.words, settings: data.settings, meta: {}, arrays: {} });
  state.toScreen = (x, y) => toScreen(state, x, y);
  state.toMap = (px, py) => toMap(state, px, py);
  mounted.set(root, state);
  root.state = state;
  root.dataset.redraws = "0";
  root.dataset.key = data.key;
  state.onBundle = () => receive(state);
  window.addEventListener("aecore-bundle", state.onBundle);
  state.observer = new ResizeObserver(() => resize(state));
  state.observer.observe(state.parts.map);
  listenToPointers(state);
  listenToTime(state);
  listenToTools(state);
  return state;
}

function unmount(root, state) {
  state.observer.disconnect();
  window.removeEventListener("aecore-bundle", state.onBundle);
  clearTimeout(state.speechTimer);
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

// Applies the newest props once all bundles they name are on the page, each in its version.
function receive(state) {
  const { props } = state;
  updateLabels(state, props);
  const store = window.aecoreBundles;
  const bundles = Object.entries(props.bundles).map(([name, version]) => {
    const bundle = store?.get(name);
    return bundle?.version === version ? bundle : null;
  });
  if (bundles.includes(null)) return;
  const versions = JSON.stringify(props.bundles);
  const signature = JSON.stringify([props.settings, versions, props.given, props.revision]);
  readInk(state);
  if (signature !== state.signature) {
    state.signature = signature;
    applyProps(state, versions === state.appliedBundles ? null : bundles);
    state.appliedBundles = versions;
  }
  redraw(state, "ground", "dots", "marks", "panel");
}

function updateLabels(state, { words, height, settings }) {
  const { root, parts } = state;
  root.style.setProperty("--height", `${height}px`);
  parts.map.setAttribute("aria-label", `${settings.label}. ${words.keys}`);
  parts.slider.setAttribute("aria-label", words.time);
  root.dataset.waiting = state.appliedBundles === undefined ? words.waiting : "";
  for (const tool of parts.tools) name(tool, words[tool.dataset.word]);
}

export function name(button, text) {
  if (button.title === text) return;
  button.title = text;
  button.setAttribute("aria-label", text);
}

function applyProps(state, bundles) {
  const { settings, given, revision } = state.props;
  const isNewMap = settings.map !== state.settings.map || state.appliedBundles === undefined;
  state.settings = settings;
  if (bundles) mergeBundles(state, bundles);
  // With another number of points, marks on the old ones are meaningless.
  const isNewRevision = state.revision !== revision;
  if (isNewRevision || state.markedCount !== state.count) {
    restoreMarks(state, isNewRevision ? given : {});
  }
  state.revision = revision;
  state.markedCount = state.count;
  state.strength = settings.background === "images" ? 0.7 : 0.85;
  if (isNewMap) state.outline = null;
  setTimeline(state);
  if (isNewRevision && given.frame !== undefined) goTo(state, given.frame);
  colourPoints(state);
  updateSelectedMask(state);
  setHome(state, state.time.frames.map((frame) => frame.positions), isNewMap);
  state.gridImage = null;
  state.root.dataset.waiting = "";
}

function mergeBundles(state, bundles) {
  state.meta = Object.assign({}, ...bundles.map((bundle) => bundle.meta));
  state.arrays = Object.assign({}, ...bundles.map((bundle) => bundle.arrays));
  state.shapes = Object.assign({}, ...bundles.map((bundle) => bundle.shapes));
  state.frames = bundles.flatMap(({ arrays }) => framesOf(arrays));
  const { points, labels } = state.arrays;
  const length = state.frames[0]?.positions.length ?? 0;
  state.count = points ? points.length / 2 : (labels?.length ?? length / 2);
  state.tiles.clear();
  state.decode = state.meta.layers ? makeDecoder(state.meta.layers, state.arrays) : null;
}

function framesOf({ frames, steps }) {
  if (!frames || !steps?.length) return [];
  const length = frames.length / steps.length;
  return [...steps].map((step, k) => {
    return { step, positions: frames.subarray(k * length, (k + 1) * length) };
  });
}

function restoreMarks(state, { selected = [], chosen = null, pins = [] }) {
  state.selected = selected.filter((index) => index < state.count);
  state.chosen = chosen !== null && chosen < state.count ? chosen : -1;
  state.pins = pins.filter(([, , index]) => index < state.count);
  state.outline = null;
}

function goTo(state, step) {
  const { time } = state;
  const place = step === null ? -1 : time.frames.findIndex((frame) => frame.step === step);
  time.targetIndex = time.index = place < 0 ? lastIndex(state) : place;
  interpolate(state);
  state.positions.set(time.target);
  showTime(state);
}

// Sends the revision along, so that Python can ignore values older than the marks it set last.
export function report(state, name, value) {
  state.send(name, { revision: state.revision, value });
}

function listenToTools(state) {
  const acts = {
    lasso: () => useTool(state, "lasso"),
    box: () => useTool(state, "box"),
    pin: () => useTool(state, "pin"),
    nearer: () => zoom(state, 1.5),
    farther: () => zoom(state, 1 / 1.5),
    all: () => showAll(state),
    clear: () => clearAll(state),
  };
  for (const tool of state.parts.tools) tool.addEventListener("click", acts[tool.dataset.word]);
}

export function useTool(state, tool) {
  state.tool = state.tool === tool ? "pan" : tool;
  state.parts.map.dataset.tool = state.tool;
  for (const button of state.parts.tools.filter((each) => each.hasAttribute("aria-pressed"))) {
    button.setAttribute("aria-pressed", String(button.dataset.word === state.tool));
  }
}

function resize(state) {
  const { map, ground, dots, marks } = state.parts;
  state.ratio = window.devicePixelRatio || 1;
  [state.width, state.height] = [map.clientWidth, map.clientHeight];
  for (const canvas of [ground, dots, marks]) {
    canvas.width = Math.round(state.width * state.ratio);
    canvas.height = Math.round(state.height * state.ratio);
  }
  if (state.home && !state.moved) state.view = fitView(state);
  state.glide = null;
  redraw(state, "ground", "dots", "marks", "panel");
}

// Marks layers to be drawn in the next frame. Nothing is drawn while nothing changes.
export function redraw(state, ...layers) {
  for (const layer of layers) state.staleLayers.add(layer);
  state.frameRequest ??= requestAnimationFrame((now) => frame(state, now));
}

function frame(state, now) {
  state.frameRequest = null;
  if (!state.root.isConnected || !state.width || !state.positions || !state.view) return;
  const moves = [advanceView(state, now), advanceTime(state, now)].includes(true);
  const { staleLayers } = state;
  state.staleLayers = new Set();
  if (staleLayers.has("panel")) showPanel(state);
  const more = staleLayers.has("ground") && drawGround(state);
  if (staleLayers.has("dots")) drawDots(state);
  if (staleLayers.has("marks")) drawMarks(state);
  state.counters.frames += 1;
  state.root.dataset.redraws = String(state.counters.frames);
  if (more) redraw(state, "ground");
  if (moves) redraw(state);
}

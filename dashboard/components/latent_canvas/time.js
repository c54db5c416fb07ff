// The timeline: the positions of the points at each step, and the animation between them.

import { name, redraw, report } from "./latent_canvas.js";
import { ease } from "./view.js";

const MORPH = 350; // ms in which points move to the positions of new data
const SETTLE = 60; // ms, the time constant with which the points follow the slider

// Takes the frames of new data. Keeps the frame on screen, unless the newest is followed.
export function setTimeline(state) {
  const { time } = state;
  const step = time.frames.length ? shownStep(state) : null;
  const followed = isFollowing(state);
  time.frames = timelineOf(state);
  const sameFrame = time.frames.findIndex((frame) => frame.step === step);
  const fraction = time.targetIndex - Math.round(time.targetIndex);
  time.targetIndex = followed || sameFrame < 0 ? lastIndex(state) : sameFrame + fraction;
  time.index = time.targetIndex;
  if (sameFrame < 0) time.playing = false;
  const before = state.positions;
  time.target = new Float32Array(2 * state.count);
  interpolate(state);
  const moved = before?.length === 2 * state.count && before.some((x, i) => x !== time.target[i]);
  time.morph = moved ? { from: before, began: performance.now() } : null;
  state.positions = new Float32Array(time.target);
  showTime(state);
}

// Returns the frames ordered by step, with the points themselves as the last one if they are newer.
function timelineOf(state) {
  const { points } = state.arrays;
  const frames = state.frames.filter((frame) => frame.positions.length === 2 * state.count);
  frames.sort((one, other) => one.step - other.step);
  const { step } = state.settings;
  const newest = frames.at(-1)?.step ?? -Infinity;
  if (points && (!frames.length || (step !== null && step > newest))) {
    frames.push({ step: step ?? 0, positions: points });
  }
  return frames;
}

export function lastIndex(state) {
  return Math.max(0, state.time.frames.length - 1);
}

export function isFollowing(state) {
  return !state.time.playing && state.time.targetIndex >= lastIndex(state);
}

export function shownStep(state) {
  return state.time.frames[Math.round(state.time.targetIndex)]?.step ?? null;
}

export function interpolate(state) {
  const { frames, index, target } = state.time;
  state.time.extent = null;
  if (!frames.length) return;
  const low = Math.min(Math.floor(index), lastIndex(state));
  const [from, to] = [frames[low].positions, (frames[low + 1] ?? frames[low]).positions];
  const share = index - low;
  for (let i = 0; i < target.length; i++) target[i] = from[i] + (to[i] - from[i]) * share;
}

// Returns whether the points are still moving.
export function advanceTime(state, now) {
  const { time } = state;
  const passed = Math.min(100, now - (time.ticked ?? now));
  const moves = time.playing || time.index !== time.targetIndex;
  time.ticked = moves ? now : undefined;
  if (!moves && !time.morph) return false;
  if (time.playing) play(state, passed);
  else approach(time, passed);
  if (moves) interpolate(state);
  morph(state, now);
  redraw(state, "dots", "marks", "panel");
  if (state.settings.background === "density") redraw(state, "ground");
  return true;
}

function play(state, passed) {
  const { time } = state;
  const whole = Math.min(12000, Math.max(3000, 250 * lastIndex(state)));
  time.targetIndex = Math.min(lastIndex(state), time.targetIndex + (passed / whole) * lastIndex(state));
  time.index = time.targetIndex;
  if (time.targetIndex >= lastIndex(state)) rest(state);
  showTime(state);
}

function approach(time, passed) {
  time.index += (time.targetIndex - time.index) * (1 - Math.exp(-passed / SETTLE));
  if (Math.abs(time.targetIndex - time.index) < 0.005) time.index = time.targetIndex;
}

function morph(state, now) {
  const { target, morph: transition } = state.time;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const share = transition && !still ? ease((now - transition.began) / MORPH) : 1;
  if (share >= 1) {
    state.time.morph = null;
    state.positions.set(target);
    return;
  }
  const { from } = transition;
  for (let i = 0; i < target.length; i++) state.positions[i] = from[i] + (target[i] - from[i]) * share;
}

// Stops at a frame and reports it, which reruns the script.
function rest(state) {
  state.time.playing = false;
  state.time.targetIndex = Math.round(state.time.targetIndex);
  report(state, "frame", isFollowing(state) ? -1 : shownStep(state));
  redraw(state, "ground", "dots", "marks", "panel");
  showTime(state);
}

export function showTime(state) {
  const { time, parts, words } = state;
  parts.time.hidden = time.frames.length < 2;
  parts.slider.max = String(lastIndex(state));
  parts.slider.value = String(time.targetIndex);
  const step = (shownStep(state) ?? 0).toLocaleString("en-US");
  const label = words.step.replace("{step}", step);
  parts.step.textContent = isFollowing(state) ? `${label} · ${words.newest}` : label;
  parts.slider.setAttribute("aria-valuetext", parts.step.textContent);
  name(parts.play, time.playing ? words.pause : words.play);
  parts.play.dataset.playing = String(time.playing);
}

export function listenToTime(state) {
  const { parts, time } = state;
  parts.slider.addEventListener("input", () => {
    time.playing = false;
    time.targetIndex = Number(parts.slider.value);
    redraw(state, "ground", "dots", "panel");
    showTime(state);
  });
  parts.slider.addEventListener("change", () => rest(state));
  parts.play.addEventListener("click", () => {
    if (time.playing) return rest(state);
    if (time.targetIndex >= lastIndex(state)) time.targetIndex = 0;
    time.index = time.targetIndex;
    time.playing = true;
    redraw(state, "ground", "dots");
    return showTime(state);
  });
}

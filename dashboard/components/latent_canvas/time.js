// The time machine: where the points were at each step, and how one moves between them.

const MORPH = 350; // ms in which points go where other data put them
const SETTLE = 60; // ms in which most of the way to where the slider stands is made

// Takes the frames of new data; what is shown stays shown, unless the newest is followed.
function setTimeline(lab) {
  const { time } = lab;
  const step = time.frames.length ? shownStep(lab) : null;
  const followed = isFollowing(lab);
  time.frames = timelineOf(lab);
  const same = time.frames.findIndex((frame) => frame.step === step);
  const between = time.goal - Math.round(time.goal);
  time.goal = followed || same < 0 ? last(lab) : same + between;
  time.at = time.goal;
  if (same < 0) time.playing = false;
  const before = lab.positions;
  time.target = new Float32Array(2 * lab.count);
  interpolate(lab);
  const moved = before?.length === 2 * lab.count && before.some((x, i) => x !== time.target[i]);
  time.morph = moved ? { from: before, began: performance.now() } : null;
  lab.positions = new Float32Array(time.target);
  showTime(lab);
}

// Frames in the order of their steps; the points themselves are the last where they are newer.
function timelineOf(lab) {
  const { points } = lab.arrays;
  const frames = lab.frames.filter((frame) => frame.positions.length === 2 * lab.count);
  frames.sort((one, other) => one.step - other.step);
  const { step } = lab.settings;
  const newest = frames.at(-1)?.step ?? -Infinity;
  if (points && (!frames.length || (step !== null && step > newest))) {
    frames.push({ step: step ?? 0, positions: points });
  }
  return frames;
}

function last(lab) {
  return Math.max(0, lab.time.frames.length - 1);
}

function isFollowing(lab) {
  return !lab.time.playing && lab.time.goal >= last(lab);
}

function shownStep(lab) {
  return lab.time.frames[Math.round(lab.time.goal)]?.step ?? null;
}

function interpolate(lab) {
  const { frames, at, target } = lab.time;
  lab.time.extent = null;
  if (!frames.length) return;
  const low = Math.min(Math.floor(at), last(lab));
  const [from, to] = [frames[low].positions, (frames[low + 1] ?? frames[low]).positions];
  const share = at - low;
  for (let i = 0; i < target.length; i++) target[i] = from[i] + (to[i] - from[i]) * share;
}

// Returns whether the points still move.
function advanceTime(lab, now) {
  const { time } = lab;
  const passed = Math.min(100, now - (time.ticked ?? now));
  const moves = time.playing || time.at !== time.goal;
  time.ticked = moves ? now : undefined;
  if (!moves && !time.morph) return false;
  if (time.playing) play(lab, passed);
  else approach(time, passed);
  if (moves) interpolate(lab);
  morph(lab, now);
  redraw(lab, "dots", "marks", "look", ...(lab.settings.background === "density" ? ["ground"] : []));
  return true;
}

function play(lab, passed) {
  const { time } = lab;
  const whole = Math.min(12000, Math.max(3000, 250 * last(lab)));
  time.goal = Math.min(last(lab), time.goal + (passed / whole) * last(lab));
  time.at = time.goal;
  if (time.goal >= last(lab)) rest(lab);
  showTime(lab);
}

function approach(time, passed) {
  time.at += (time.goal - time.at) * (1 - Math.exp(-passed / SETTLE));
  if (Math.abs(time.goal - time.at) < 0.005) time.at = time.goal;
}

function morph(lab, now) {
  const { target, morph: way } = lab.time;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const share = way && !still ? eased((now - way.began) / MORPH) : 1;
  if (share >= 1) {
    lab.time.morph = null;
    lab.positions.set(target);
    return;
  }
  const { from } = way;
  for (let i = 0; i < target.length; i++) lab.positions[i] = from[i] + (target[i] - from[i]) * share;
}

// The hand has let go, or the end is reached: now the rest of the page is told.
function rest(lab) {
  lab.time.playing = false;
  lab.time.goal = Math.round(lab.time.goal);
  tell(lab, "frame", isFollowing(lab) ? -1 : shownStep(lab));
  redraw(lab, "ground", "dots", "marks", "look");
  showTime(lab);
}

function showTime(lab) {
  const { time, parts, words } = lab;
  parts.time.hidden = time.frames.length < 2;
  parts.slider.max = String(last(lab));
  parts.slider.value = String(time.goal);
  const step = (shownStep(lab) ?? 0).toLocaleString("en-US");
  const said = words.step.replace("{step}", step);
  parts.step.textContent = isFollowing(lab) ? `${said} · ${words.newest}` : said;
  parts.slider.setAttribute("aria-valuetext", parts.step.textContent);
  name(parts.play, time.playing ? words.pause : words.play);
  parts.play.dataset.playing = String(time.playing);
}

function listenToTime(lab) {
  const { parts, time } = lab;
  parts.slider.addEventListener("input", () => {
    time.playing = false;
    time.goal = Number(parts.slider.value);
    redraw(lab, "ground", "dots", "look");
    showTime(lab);
  });
  parts.slider.addEventListener("change", () => rest(lab));
  parts.play.addEventListener("click", () => {
    if (time.playing) return rest(lab);
    if (time.goal >= last(lab)) time.goal = 0;
    time.at = time.goal;
    time.playing = true;
    redraw(lab, "ground", "dots");
    return showTime(lab);
  });
}

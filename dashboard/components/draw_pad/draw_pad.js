// A sheet to draw on: by mouse, pen or finger. What is drawn is told when a stroke ends.

const SIDE = 112;
const pads = new WeakMap(); // element -> its strokes, and what is wanted of it

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".draw-pad");
  const pad = pads.get(root) ?? mountPad(root);
  pad.tell = setStateValue;
  root.dataset.key = data.key;
  root.style.setProperty("--side", `${data.height}px`);
  root.setAttribute("aria-label", data.label);
  pad.sheet.setAttribute("aria-label", data.label);
  root.querySelector(".draw-pad-size span").textContent = data.words.size;
  for (const button of pad.buttons) button.textContent = data.words[button.dataset.act];
}

function mountPad(root) {
  const sheet = root.querySelector(".draw-pad-sheet");
  const pad = { root, sheet, strokes: [], stroke: null, hand: null, erasing: false };
  pad.size = root.querySelector(".draw-pad-size input");
  pad.buttons = [...root.querySelectorAll("[data-act]")];
  pad.brush = sheet.getContext("2d", { willReadFrequently: true });
  sheet.addEventListener("pointerdown", (event) => begin(pad, event));
  sheet.addEventListener("pointermove", (event) => go(pad, event));
  sheet.addEventListener("pointerup", (event) => end(pad, event));
  sheet.addEventListener("pointercancel", (event) => end(pad, event));
  sheet.addEventListener("keydown", (event) => press(pad, event));
  for (const button of pad.buttons) {
    button.addEventListener("click", () => act(pad, button.dataset.act));
  }
  paint(pad);
  pads.set(root, pad);
  return pad;
}

function place(pad, event) {
  const box = pad.sheet.getBoundingClientRect();
  const across = ((event.clientX - box.left) / box.width) * SIDE;
  return [across, ((event.clientY - box.top) / box.height) * SIDE];
}

function begin(pad, event) {
  if (pad.hand !== null || event.button !== 0) return;
  event.preventDefault();
  pad.sheet.focus();
  pad.sheet.setPointerCapture(event.pointerId);
  pad.hand = event.pointerId;
  pad.stroke = { size: Number(pad.size.value), erase: pad.erasing, points: [place(pad, event)] };
  pad.strokes.push(pad.stroke);
  paint(pad);
}

function go(pad, event) {
  if (event.pointerId !== pad.hand) return;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const each of all.length ? all : [event]) pad.stroke.points.push(place(pad, each));
  paint(pad);
}

function end(pad, event) {
  if (event.pointerId !== pad.hand) return;
  pad.hand = pad.stroke = null;
  told(pad);
}

function press(pad, event) {
  const undo = event.key === "z" && (event.ctrlKey || event.metaKey);
  if (!undo && event.key !== "Delete" && event.key !== "Backspace") return;
  event.preventDefault();
  act(pad, undo ? "undo" : "clear");
}

function act(pad, what) {
  if (what === "erase") {
    pad.erasing = !pad.erasing;
    const button = pad.buttons.find((each) => each.dataset.act === "erase");
    button.setAttribute("aria-pressed", String(pad.erasing));
    return;
  }
  if (what === "undo") pad.strokes.pop();
  if (what === "clear") pad.strokes.length = 0;
  paint(pad);
  told(pad);
}

function paint({ brush, strokes }) {
  brush.fillStyle = "#000";
  brush.fillRect(0, 0, SIDE, SIDE);
  brush.lineCap = brush.lineJoin = "round";
  for (const { size, erase, points } of strokes) {
    brush.strokeStyle = erase ? "#000" : "#fff";
    brush.lineWidth = size;
    brush.beginPath();
    points.forEach(([x, y], k) => (k ? brush.lineTo(x, y) : brush.moveTo(x, y)));
    // A line to where one is already is a dot.
    brush.lineTo(...points[points.length - 1]);
    brush.stroke();
  }
}

function told(pad) {
  const { data } = pad.brush.getImageData(0, 0, SIDE, SIDE);
  let grey = "";
  for (let k = 0; k < data.length; k += 4) grey += String.fromCharCode(data[k]);
  pad.root.dataset.strokes = pad.strokes.length;
  pad.tell("drawing", btoa(grey));
}

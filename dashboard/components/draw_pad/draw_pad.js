// A canvas to draw on by mouse, pen or touch. The drawing is sent to Python when a stroke ends.

const SIDE = 112;
const pads = new WeakMap(); // element -> its state, with the strokes

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".draw-pad");
  const pad = pads.get(root) ?? mountPad(root);
  pad.setStateValue = setStateValue;
  root.dataset.key = data.key;
  root.style.setProperty("--side", `${data.height}px`);
  root.setAttribute("aria-label", data.label);
  pad.sheet.setAttribute("aria-label", data.label);
  root.querySelector(".draw-pad-size span").textContent = data.words.size;
  for (const button of pad.buttons) button.textContent = data.words[button.dataset.act];
}

function mountPad(root) {
  const sheet = root.querySelector(".draw-pad-sheet");
  const pad = { root, sheet, strokes: [], stroke: null, pointer: null, erasing: false };
  pad.size = root.querySelector(".draw-pad-size input");
  pad.buttons = [...root.querySelectorAll("[data-act]")];
  pad.brush = sheet.getContext("2d", { willReadFrequently: true });
  sheet.addEventListener("pointerdown", (event) => startStroke(pad, event));
  sheet.addEventListener("pointermove", (event) => extendStroke(pad, event));
  sheet.addEventListener("pointerup", (event) => endStroke(pad, event));
  sheet.addEventListener("pointercancel", (event) => endStroke(pad, event));
  sheet.addEventListener("keydown", (event) => press(pad, event));
  for (const button of pad.buttons) {
    button.addEventListener("click", () => act(pad, button.dataset.act));
  }
  paint(pad);
  pads.set(root, pad);
  return pad;
}

function position(pad, event) {
  const box = pad.sheet.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * SIDE;
  return [x, ((event.clientY - box.top) / box.height) * SIDE];
}

function startStroke(pad, event) {
  if (pad.pointer !== null || event.button !== 0) return;
  event.preventDefault();
  pad.sheet.focus();
  pad.sheet.setPointerCapture(event.pointerId);
  pad.pointer = event.pointerId;
  const points = [position(pad, event)];
  pad.stroke = { size: Number(pad.size.value), erase: pad.erasing, points };
  pad.strokes.push(pad.stroke);
  paint(pad);
}

function extendStroke(pad, event) {
  if (event.pointerId !== pad.pointer) return;
  const all = event.getCoalescedEvents?.() ?? [];
  for (const each of all.length ? all : [event]) pad.stroke.points.push(position(pad, each));
  paint(pad);
}

function endStroke(pad, event) {
  if (event.pointerId !== pad.pointer) return;
  pad.pointer = pad.stroke = null;
  sendDrawing(pad);
}

function press(pad, event) {
  const undo = event.key === "z" && (event.ctrlKey || event.metaKey);
  if (!undo && event.key !== "Delete" && event.key !== "Backspace") return;
  event.preventDefault();
  act(pad, undo ? "undo" : "clear");
}

function act(pad, action) {
  if (action === "erase") {
    pad.erasing = !pad.erasing;
    const button = pad.buttons.find((each) => each.dataset.act === "erase");
    button.setAttribute("aria-pressed", String(pad.erasing));
    return;
  }
  if (action === "undo") pad.strokes.pop();
  if (action === "clear") pad.strokes.length = 0;
  paint(pad);
  sendDrawing(pad);
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
    // A line of length zero draws a dot, for a click without movement.
    brush.lineTo(...points[points.length - 1]);
    brush.stroke();
  }
}

function sendDrawing(pad) {
  const { data } = pad.brush.getImageData(0, 0, SIDE, SIDE);
  let grey = "";
  for (let k = 0; k < data.length; k += 4) grey += String.fromCharCode(data[k]);
  pad.root.dataset.strokes = pad.strokes.length;
  pad.setStateValue("drawing", btoa(grey));
}

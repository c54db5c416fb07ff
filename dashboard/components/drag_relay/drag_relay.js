// Reports the values of sliders while they are dragged. Streamlit's own report on release only.

const ANSWER_MS = 1500; // after so long without an answer, the next value is sent all the same
const relays = new WeakMap(); // element -> its state

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".drag-relay");
  const relay = relays.get(root) ?? mountRelay(root, data);
  Object.assign(relay, { names: data.names, report: setStateValue });
  if (data.count >= relay.count) answer(relay);
  return () => root.isConnected || unmountRelay(relay);
}

function mountRelay(root, { count }) {
  const relay = { root, count, drag: null, timer: null };
  relay.onDown = (event) => begin(relay, event);
  relay.onUp = () => end(relay);
  relay.observer = new MutationObserver(() => follow(relay));
  document.addEventListener("pointerdown", relay.onDown, true);
  for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, relay.onUp, true);
  relays.set(root, relay);
  return relay;
}

function unmountRelay(relay) {
  relay.observer.disconnect();
  document.removeEventListener("pointerdown", relay.onDown, true);
  for (const kind of ["pointerup", "pointercancel"]) {
    window.removeEventListener(kind, relay.onUp, true);
  }
  clearTimeout(relay.timer);
  relays.delete(relay.root);
}

function begin(relay, event) {
  const slider = event.target.closest?.('[data-testid="stSlider"]');
  const name = slider && settingOf(slider, relay.names);
  const input = slider?.querySelector("input");
  if (!name || !input || input.disabled) return;
  const value = input.getAttribute("aria-valuetext");
  relay.drag = { name, input, value, sent: value, number: Math.floor(Date.now() / 1000) };
  relay.observer.observe(slider, { attributes: true, subtree: true, attributeFilter: ["aria-valuetext"] });
}

// A widget's key is among its classes; it has a number once the page has replaced the widget.
function settingOf(slider, names) {
  const classes = slider.closest('[class*="st-key-"]')?.className.split(/\s+/) ?? [];
  const keys = classes.map((each) => each.match(/^st-key-(\w+?)(-turn-\d+)?$/)?.[1]);
  return keys.find((key) => names.includes(key));
}

function follow(relay) {
  if (!relay.drag) return;
  relay.drag.value = relay.drag.input.getAttribute("aria-valuetext");
  send(relay);
}

// At most one value is on its way, the newest once the page has answered the one before.
function send(relay) {
  const { drag } = relay;
  if (!drag || relay.timer !== null || drag.value === drag.sent) return;
  report(relay, drag, false);
  relay.timer = setTimeout(() => answer(relay), ANSWER_MS);
}

function report(relay, drag, last) {
  drag.sent = drag.value;
  drag.moved = true;
  relay.count += 1;
  relay.report("moved", [drag.name, drag.value, drag.number, last, relay.count]);
}

function answer(relay) {
  clearTimeout(relay.timer);
  relay.timer = null;
  send(relay);
}

function end(relay) {
  const { drag } = relay;
  if (!drag) return;
  relay.observer.disconnect();
  relay.drag = null;
  drag.value = drag.input.getAttribute("aria-valuetext") ?? drag.value;
  if (drag.moved) report(relay, drag, true);
}

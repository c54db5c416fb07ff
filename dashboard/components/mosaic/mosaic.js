// Shows an image grid in one <img>. A new picture replaces the old one only once it is decoded.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".live-mosaic");
  root.dataset.key = data.key;
  root.style.setProperty("--height", `${data.height}px`);
  caption(root.querySelector(".live-mosaic-rows"), data.rows);
  caption(root.querySelector(".live-mosaic-columns"), data.columns);
  root.querySelector("img").alt = data.label;
  if (root.newest !== data.image) {
    root.newest = data.image;
    show(root, data.image);
  }
}

function caption(element, words) {
  const signature = JSON.stringify(words);
  if (element.dataset.signature === signature) return;
  element.dataset.signature = signature;
  element.replaceChildren(...words.map(span));
}

function span(word) {
  const element = document.createElement("span");
  element.textContent = element.title = word;
  return element;
}

async function show(root, source) {
  const next = new Image();
  next.src = source;
  await next.decode();
  if (root.newest !== source) return; // a newer one arrived while this was decoded
  root.style.setProperty("--ratio", next.naturalWidth / next.naturalHeight);
  root.querySelector("img").src = source;
  root.dataset.redraws = Number(root.dataset.redraws ?? 0) + 1;
}

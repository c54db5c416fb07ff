// What is drawn over the points: the cursor, what is chosen, pins and the line of a selection.

function drawMarks(lab) {
  const context = lab.parts.marks.getContext("2d");
  context.setTransform(lab.ratio, 0, 0, lab.ratio, 0, 0);
  context.clearRect(0, 0, lab.width, lab.height);
  context.lineJoin = context.lineCap = "round";
  drawOutline(lab, context);
  drawPins(lab, context);
  if (lab.chosen >= 0) ring(lab, context, placeOf(lab, lab.chosen), 9, 2.5);
  drawCursor(lab, context);
}

function placeOf(lab, index) {
  return toScreen(lab, lab.positions[2 * index], lab.positions[2 * index + 1]);
}

// A line that is seen on any ground: a wide one of the page's colour under a narrow one of the text's.
function stroke(lab, context, width = 1.5, colour = lab.ink.text) {
  context.strokeStyle = lab.ink.ground;
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.stroke();
}

function ring(lab, context, [px, py], radius, width) {
  context.beginPath();
  context.arc(px, py, radius, 0, 2 * Math.PI);
  stroke(lab, context, width);
}

function drawCursor(lab, context) {
  const { cursor } = lab;
  if (!cursor) return;
  if (cursor.index >= 0) ring(lab, context, placeOf(lab, cursor.index), 6, 1.5);
  if (!cursor.byKey && cursor.index >= 0) return;
  const [px, py] = cursor.at;
  const [gap, reach] = cursor.byKey ? [7, 16] : [3, 8];
  context.beginPath();
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(px + dx * gap, py + dy * gap);
    context.lineTo(px + dx * reach, py + dy * reach);
  }
  stroke(lab, context);
}

function drawOutline(lab, context) {
  const line = lab.outline;
  if (!line || line.length < 2) return;
  context.beginPath();
  for (const [x, y] of line) context.lineTo(...toScreen(lab, x, y));
  context.closePath();
  context.globalAlpha = 0.12;
  context.fillStyle = lab.ink.primary;
  context.fill();
  context.globalAlpha = 1;
  stroke(lab, context, 1.5, lab.ink.primary);
}

// Pins in their order, joined by the way one would go from each to the next.
function drawPins(lab, context) {
  const places = lab.pins.map((pin) => pinPlace(lab, pin));
  if (places.length > 1) {
    context.beginPath();
    for (const place of places) context.lineTo(...place);
    stroke(lab, context, 2, lab.ink.primary);
  }
  context.font = `600 11px ${lab.ink.font}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  places.forEach(([px, py], k) => {
    context.beginPath();
    context.arc(px, py, 9, 0, 2 * Math.PI);
    stroke(lab, context, 1, lab.ink.primary);
    context.fillStyle = lab.ink.primary;
    context.fill();
    context.fillStyle = lab.ink.ground;
    context.fillText(String(k + 1), px, py + 0.5);
  });
}

// A pinned point goes where it goes; a pinned place stays.
function pinPlace(lab, [x, y, index]) {
  return index >= 0 ? placeOf(lab, index) : toScreen(lab, x, y);
}

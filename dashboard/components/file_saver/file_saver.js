// Has the browser save a file, once for each number, and reports the number.

const numbers = new WeakMap(); // element -> the number of the file saved last

export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".file-saver");
  if (data.content === null || numbers.get(root) === data.number) return;
  numbers.set(root, data.number);
  const link = document.createElement("a");
  const content = Uint8Array.from(atob(data.content), (letter) => letter.charCodeAt(0));
  link.href = URL.createObjectURL(new Blob([content]));
  link.download = data.name;
  link.click();
  // The browser may not have read it yet.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  setStateValue("saved", data.number);
}

// Runs in the page, before its own scripts: what the tests ask a <byte-map>.
globalThis.byteMap = {
  /** Which colour of the legend the pixel has that a byte lies in. */
  colourAt(selector, byte) {
    const map = document.querySelector(selector);
    const canvas = map.querySelector('canvas');
    const side = 12;
    const pitch = 14;
    const bytesPerSquare = Number(/A square is (\d+) KiB/.exec(map.textContent)[1]) * 1024;
    const square = Math.floor(byte / bytesPerSquare);
    const columns = Math.floor((canvas.clientWidth + pitch - side) / pitch);
    const within = (byte % bytesPerSquare) / bytesPerSquare;
    const x = (square % columns) * pitch + Math.floor(within * side);
    const y = Math.floor(square / columns) * pitch + side / 2;
    return nameOf(canvas, canvas.getContext('2d').getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data);
  },
};

function nameOf(canvas, [red, green, blue]) {
  const hex = `#${[red, green, blue].map((value) => value.toString(16).padStart(2, '0')).join('')}`;
  const names = ['unasked', 'stopped', 'awaited', 'sent', 'sent-again'];
  return names.find((name) => getComputedStyle(canvas).getPropertyValue(`--${name}`) === hex) ?? hex;
}

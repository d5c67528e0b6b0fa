// Runs in the page, before its own scripts: what the tests ask a <video> or <audio>.
globalThis.player = {
  /** Waits until the element can show its first moment. */
  opened: (selector) => shown(media(selector)),

  state(selector) {
    const { currentTime, duration, seekable, videoWidth } = media(selector);
    const seekableEnd = seekable.length === 0 ? 0 : seekable.end(seekable.length - 1);
    return { currentTime, duration, seekableEnd, videoWidth };
  },

  /** Asks for a position and waits until the element has done with it, whatever it did. */
  async seek(selector, second) {
    const element = media(selector);
    const seeked = once(element, 'seeked');
    element.currentTime = second;
    await seeked;
  },

  /** Waits for a frame and says at which second it was taken, by the red bar at its foot, which fills in sixty. */
  async pictureSecond(selector) {
    const element = media(selector);
    await once(element, 'seeked', () => !element.seeking);
    await once(element, 'canplay', () => element.readyState >= element.HAVE_CURRENT_DATA);
    const { width, height } = Object.assign(canvas, { width: element.videoWidth, height: element.videoHeight });
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(element, 0, 0);
    const { data } = context.getImageData(0, height - 5, width, 1);
    const isRed = (x) => data[4 * x] > 150 && data[4 * x + 1] < 100;
    return (Array.from({ length: width }, (_, x) => x).filter(isRed).length / width) * 60;
  },

  /** Plays, and says through which positions, until one past `second` is reached. */
  async play(selector, second) {
    const element = media(selector);
    const positions = [element.currentTime];
    await element.play();
    while (element.currentTime < second) {
      await once(element, 'timeupdate');
      positions.push(element.currentTime);
    }
    element.pause();
    return positions;
  },

  /** How many pixels of a canvas are as wanted. */
  pixelsOf(selector, isWanted) {
    const { data } = imageOf(document.querySelector(selector));
    return Array.from({ length: data.length / 4 }, (_, pixel) => pixel).filter((pixel) =>
      isWanted(data.subarray(4 * pixel, 4 * pixel + 4)),
    ).length;
  },

  /** Which part of a canvas is drawn on: 0 to 1. */
  inkOf(selector) {
    const { width, height } = imageOf(document.querySelector(selector));
    return player.pixelsOf(selector, ([, , , alpha]) => alpha > 0) / (width * height);
  },
};

function imageOf(drawn) {
  return drawn.getContext('2d').getImageData(0, 0, drawn.width, drawn.height);
}

const canvas = document.createElement('canvas');

function media(selector) {
  return document.querySelector(selector);
}

/** Waits for data at the current position: a seek takes away what `loadeddata` has told of, and that does not come again. */
function shown(element) {
  return new Promise((resolve, reject) => {
    const look = () => element.readyState >= element.HAVE_CURRENT_DATA && resolve();
    for (const event of ['loadeddata', 'canplay', 'seeked']) element.addEventListener(event, look);
    element.addEventListener('error', () => reject(new Error(element.error.message)), { once: true });
    look();
  });
}

/** Waits for the event, unless `already` holds. @throws what stopped the element */
function once(element, event, already = () => false) {
  return new Promise((resolve, reject) => {
    if (already(element)) return resolve();
    element.addEventListener(event, () => resolve(), { once: true });
    element.addEventListener('error', () => reject(new Error(element.error.message)), { once: true });
  });
}

// The shape of a sound, drawn over all of its length; one seeks in it with the range input that lies on top.

const BAR = 3;
const GAP = 1;
const SAMPLES_PER_SECOND = 8000;

export class Waveform {
  #canvas;
  #audio;
  #slider;
  #tell;
  #samples = new Float32Array();
  #loudest = 1;
  #url = '';
  #loading = new AbortController();

  /** @param jump called with the second that somebody wants to hear @param tell called with what goes wrong */
  constructor(canvas, audio, slider, jump, tell) {
    this.#canvas = canvas;
    this.#audio = audio;
    this.#slider = slider;
    this.#tell = tell;
    slider.addEventListener('input', () => jump(Number(slider.value)));
    for (const event of ['timeupdate', 'seeking', 'durationchange', 'emptied']) {
      audio.addEventListener(event, () => this.#follow());
    }
    new ResizeObserver(() => this.#draw()).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#draw());
  }

  /** Decodes all of the sound: a drawing, unlike a player, needs every byte. */
  async load(url) {
    if (this.#url === url) return;
    this.#url = url;
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#samples = new Float32Array();
    this.#draw();
    try {
      const response = await fetch(url, { signal });
      const bytes = await response.arrayBuffer();
      const sound = await new OfflineAudioContext(1, 1, SAMPLES_PER_SECOND).decodeAudioData(bytes);
      signal.throwIfAborted();
      this.#samples = sound.getChannelData(0);
      this.#loudest = loudness(this.#samples, 0, 1);
      this.#draw();
    } catch (error) {
      if (!signal.aborted) this.#tell(error);
    }
  }

  #follow() {
    const { duration, currentTime } = this.#audio;
    const end = Number.isFinite(duration) ? duration : 0;
    this.#slider.max = end;
    this.#slider.value = currentTime;
    this.#slider.setAttribute('aria-valuetext', `${currentTime.toFixed(0)} of ${end.toFixed(0)} seconds`);
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const scale = devicePixelRatio;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    const context = this.#canvas.getContext('2d');
    context.scale(scale, scale);
    const colours = getComputedStyle(this.#canvas);
    const played = (this.#audio.currentTime / this.#audio.duration) * width;
    const bars = Math.floor(width / (BAR + GAP));
    for (let bar = 0; bar < bars; bar++) {
      const x = bar * (BAR + GAP);
      const length = Math.max(2, (loudness(this.#samples, bar / bars, (bar + 1) / bars) / this.#loudest) * height);
      context.fillStyle = colours.getPropertyValue(x < played ? '--accent' : '--unplayed');
      context.fillRect(x, (height - length) / 2, BAR, length);
    }
  }
}

/** The loudest sample between two parts of the whole: 0 to 1. */
function loudness(samples, from, to) {
  const part = samples.subarray(Math.floor(from * samples.length), Math.floor(to * samples.length));
  return part.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
}

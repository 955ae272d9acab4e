/** A sheet to draw on, with pointer, finger or keys; every stroke is drawn by the network as it grows. */
import { box, button, element, input } from './elements.js';

/** Pixels of the sheet. */
const SIDE = 384;

/** Pixels by which a key moves the pen. */
const STEP = 12;

const COLOURS = {
  skin: '#eebf96', brown: '#5a3a26', black: '#1c1816', white: '#ffffff', red: '#c4493c', yellow: '#e8bf4a',
  green: '#5f8f5a', blue: '#3f6fa8', sky: '#b5cadb',
};
const GREYS = { white: '#ffffff', grey: '#888888', black: '#000000' };

export class Sketch {
  /** @type {[number, number]} */
  #pen = [SIDE / 2, SIDE / 2];
  #isDown = false;

  /** @param {(image: ImageData, isDone: boolean) => void} onChange `isDone`: the pen is up. */
  constructor(onChange) {
    this.onChange = onChange;
    this.canvas = element('canvas', HTMLCanvasElement);
    this.canvas.width = this.canvas.height = SIDE;
    this.canvas.setAttribute('aria-label', 'Sheet to draw on');
    this.context = /** @type {CanvasRenderingContext2D} */ (
      this.canvas.getContext('2d', { willReadFrequently: true })
    );
    this.button = button('sketch');
    this.brush = input('brush');
    this.paper = '#ffffff';
    this.canvas.addEventListener('pointerdown', (event) => this.#begin(event));
    this.canvas.addEventListener('pointermove', (event) => this.#move(event));
    for (const name of ['pointerup', 'pointercancel']) {
      this.canvas.addEventListener(name, () => {
        this.#isDown = false;
        this.#tell();
      });
    }
    this.canvas.addEventListener('keydown', (event) => this.#press(event));
    button('clear').addEventListener('click', () => this.clear());
  }

  get isOn() {
    return !this.canvas.hidden;
  }

  /**
   * Choose paper and inks that go with a network.
   *
   * @param {boolean} isGrey
   * @param {boolean} isDark Whether it draws on a dark ground.
   */
  prepare(isGrey, isDark) {
    const inks = isGrey ? GREYS : COLOURS;
    this.paper = isGrey ? (isDark ? '#000000' : '#ffffff') : COLOURS.sky;
    this.brush.value = isGrey ? '8' : '18';
    const first = isGrey && !isDark ? 'black' : Object.keys(inks)[0];
    box('inks').append(
      ...Object.entries(inks).map(([name, color]) => {
        const one = document.createElement('input');
        Object.assign(one, { type: 'radio', name: 'ink', value: color, title: name, checked: name === first });
        one.setAttribute('aria-label', name);
        one.style.background = color;
        return one;
      }),
    );
    this.#fill();
  }

  start() {
    this.#show(true);
    this.canvas.focus();
    this.#tell();
  }

  stop() {
    this.#show(false);
  }

  clear() {
    this.#fill();
    this.#tell();
  }

  #fill() {
    this.context.fillStyle = this.paper;
    this.context.fillRect(0, 0, SIDE, SIDE);
    this.#pen = [SIDE / 2, SIDE / 2];
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.#isDown = true;
    this.#pen = this.#place(event);
    this.#line(this.#pen);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#isDown) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) this.#line(this.#place(one));
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    /** @type {Record<string, [number, number]>} */
    const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], ' ': [0, 0] };
    const way = ways[event.key];
    if (!way) return;
    event.preventDefault();
    if (event.key === ' ') this.#isDown = !this.#isDown;
    const [x, y] = this.#pen.map((place, axis) => Math.min(SIDE, Math.max(0, place + STEP * way[axis])));
    if (this.#isDown) this.#line([x, y]);
    else {
      this.#pen = [x, y];
      if (event.key === ' ') this.#tell();
    }
  }

  /**
   * @param {PointerEvent} event
   * @returns {[number, number]}
   */
  #place(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [((event.clientX - left) * SIDE) / width, ((event.clientY - top) * SIDE) / height];
  }

  /** @param {[number, number]} to */
  #line(to) {
    const { context } = this;
    const ink = document.querySelector('input[name=ink]:checked');
    context.strokeStyle = ink instanceof HTMLInputElement ? ink.value : '#000000';
    context.lineWidth = (Number(this.brush.value) / 100) * SIDE;
    context.lineCap = context.lineJoin = 'round';
    context.beginPath();
    context.moveTo(...this.#pen);
    context.lineTo(...to);
    context.stroke();
    this.#pen = to;
    this.#tell();
  }

  #tell() {
    this.onChange(this.context.getImageData(0, 0, SIDE, SIDE), !this.#isDown);
  }

  /** @param {boolean} isOn */
  #show(isOn) {
    this.canvas.hidden = !isOn;
    box('sketch-tools').hidden = !isOn;
    this.button.setAttribute('aria-pressed', String(isOn));
  }
}

/** Play and pause, and the slider. */
import { button, input } from './elements.js';

/** Milliseconds from the start to the drawing. */
const WAY = 2600;

export class Player {
  #request = 0;

  /** @param {(time: number) => void} onTime Called with a share of the way. */
  constructor(onTime) {
    this.onTime = onTime;
    this.button = button('play');
    this.slider = input('time');
    this.button.addEventListener('click', () => (this.isPlaying ? this.pause() : this.play()));
    this.slider.addEventListener('input', () => {
      this.pause();
      this.#tell();
    });
    this.show(1);
  }

  get isPlaying() {
    return this.#request !== 0;
  }

  get time() {
    return Number(this.slider.value) / Number(this.slider.max);
  }

  /** From where it is, or once more from the start. */
  play() {
    const first = this.time < 1 ? this.time : 0;
    const begin = performance.now() - first * WAY;
    /** @param {number} now */
    const step = (now) => {
      const time = Math.min(1, Math.max(first, (now - begin) / WAY));
      this.show(time);
      this.onTime(time);
      if (time < 1) this.#request = requestAnimationFrame(step);
      else this.pause();
    };
    this.#request = requestAnimationFrame(step);
    this.#name('Pause');
  }

  pause() {
    cancelAnimationFrame(this.#request);
    this.#request = 0;
    this.#name('Play');
  }

  /**
   * Put the slider to a place without saying so.
   *
   * @param {number} time
   */
  show(time) {
    this.slider.value = String(Math.round(time * Number(this.slider.max)));
    const percent = Math.round(100 * time);
    const words = percent === 0 ? 'starting arrangement' : percent === 100 ? 'drawing' : `${percent} % of the way`;
    this.slider.setAttribute('aria-valuetext', words);
  }

  /** Make it usable. */
  enable() {
    this.button.disabled = this.slider.disabled = false;
  }

  #tell() {
    this.show(this.time);
    this.onTime(this.time);
  }

  /** @param {string} name */
  #name(name) {
    this.button.setAttribute('aria-label', name);
    this.button.classList.toggle('playing', this.isPlaying);
  }
}

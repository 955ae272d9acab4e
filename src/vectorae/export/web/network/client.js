/**
 * The page's networks, each in a worker of its own: one that is there at once, and maybe a better or faster one later.
 *
 * @typedef {import('../types.js').Scene} Scene
 * @typedef {import('./lane.js').Task} Task
 */
import { Lane } from './lane.js';

/** Milliseconds an image below which nobody would see that a graphics processor is faster. */
const SLOW = 40;

export class Network {
  /** Where images are drawn that come many in a row. */
  #quick;
  /** Where all others are drawn. */
  #best;

  /**
   * @param {string[]} networks Files: one, or the encoder alone and the same with its corrections.
   * @param {() => void} onBetter Called when drawings become better.
   * @param {(name: string) => Worker} [makeWorker] Of a device and a file.
   * @param {boolean} [hasGraphics] Whether the browser may use a graphics processor.
   */
  constructor([first, corrected], onBetter, makeWorker = worker, hasGraphics = 'gpu' in navigator) {
    this.isComplete = corrected === undefined;
    this.makeWorker = makeWorker;
    this.#quick = this.#best = this.#lane('wasm', first);
    /** @type {Promise<Scene>} */
    this.ready = this.#quick.ready.then(({ scene, milliseconds }) => {
      if (corrected) void this.#improve(corrected, onBetter);
      else if (hasGraphics && milliseconds > SLOW) void this.#accelerate(first, milliseconds);
      return scene;
    });
  }

  /**
   * The network's outputs for an image.
   *
   * @param {Task} task
   * @param {boolean} isLive Whether it is one of many in a row.
   */
  draw(task, isLive) {
    return (isLive ? this.#quick : this.#best).draw(task);
  }

  /**
   * @param {string} device
   * @param {string} file
   */
  #lane(device, file) {
    return new Lane(this.makeWorker(`${device} ${file}`));
  }

  /**
   * Draw with corrections. On the processor: they are a loop of many small operations.
   *
   * @param {string} file
   * @param {() => void} onBetter
   */
  async #improve(file, onBetter) {
    const lane = this.#lane('wasm', file);
    try {
      await lane.ready;
      this.#best = lane;
    } catch {
      lane.close();
    }
    this.isComplete = this.#best === lane;
    if (this.isComplete) onBetter();
  }

  /**
   * Change to the graphics processor if it is faster, which only a trial says.
   *
   * @param {string} file
   * @param {number} milliseconds That the processor needs.
   */
  async #accelerate(file, milliseconds) {
    const lane = this.#lane('webgpu', file);
    const isFaster = await lane.ready.then((found) => found.milliseconds < milliseconds).catch(() => false);
    if (!isFaster) return lane.close();
    this.#quick.close();
    this.#quick = this.#best = lane;
  }
}

/**
 * A worker; its name is its device, `wasm` or `webgpu`, and the file of its network.
 *
 * @param {string} name
 */
function worker(name) {
  const address = new URL('./worker.js', import.meta.url).href;
  // From memory, so that the page's Content-Security-Policy holds in the worker too.
  const script = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(script), { type: 'module', name });
}

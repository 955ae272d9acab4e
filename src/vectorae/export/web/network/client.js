/**
 * The page's side of the worker: one image at a time, and of those that come meanwhile the last alone.
 *
 * @typedef {import('../types.js').Scene} Scene
 * @typedef {import('../types.js').Reply} Reply
 * @typedef {import('../types.js').Resize} Resize
 * @typedef {{image: Blob | ImageData, resize: Resize, invert: boolean}} Task
 */

/** Milliseconds an image below which nobody would see that a graphics processor is faster. */
const SLOW = 40;

/**
 * A worker on a device: `wasm`, the processor, or `webgpu`, the graphics processor.
 *
 * @param {string} device
 */
function workerOn(device) {
  const address = new URL('./worker.js', import.meta.url).href;
  // From memory, so that the page's Content-Security-Policy holds in the worker too.
  const script = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(script), { type: 'module', name: device });
}

/**
 * Whether a network corrects its drawing, in a loop of many small operations, for which graphics processors are slow.
 *
 * @param {Scene} scene
 */
const isCorrected = (scene) => scene.network.includes('learned corrections');

/** What a newer image has taken the place of. */
export class Superseded extends Error {}

export class Network {
  /** @type {{task: Task, resolve: (reply: Reply) => void, reject: (error: Error) => void} | null} */
  #waiting = null;
  /** @type {{id: number, resolve: (reply: Reply) => void, reject: (error: Error) => void} | null} */
  #running = null;
  #last = 0;
  #onIdle = () => {};

  /**
   * @param {(device: string) => Worker} [makeWorker]
   * @param {boolean} [hasGraphics] Whether the browser may use a graphics processor.
   */
  constructor(makeWorker = workerOn, hasGraphics = 'gpu' in navigator) {
    this.makeWorker = makeWorker;
    const first = this.#started('wasm');
    /** @type {Worker} */
    this.worker = first.worker;
    /** @type {Promise<Scene>} */
    this.ready = first.ready.then(({ scene, milliseconds }) => {
      if (hasGraphics && milliseconds > SLOW && !isCorrected(scene)) void this.#tryGraphics(milliseconds);
      return scene;
    });
  }

  /**
   * A worker, and what it says when it is ready.
   *
   * @param {string} device
   */
  #started(device) {
    const worker = this.makeWorker(device);
    /** @type {Promise<{scene: Scene, milliseconds: number}>} */
    const ready = new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message || 'the worker does not start'));
      worker.onmessage = ({ data }) => {
        if (data.ready) resolve(data);
        else if (data.failure) reject(new Error(data.failure));
        else this.#receive(data);
      };
    });
    return { worker, ready };
  }

  /**
   * Change to the graphics processor if it is faster, which only a trial says.
   *
   * @param {number} milliseconds That the processor needs.
   */
  async #tryGraphics(milliseconds) {
    const { worker, ready } = this.#started('webgpu');
    const isFaster = await ready.then((found) => found.milliseconds < milliseconds).catch(() => false);
    if (!isFaster) return worker.terminate();
    const slower = this.worker;
    this.worker = worker;
    // What the other one is at, it ends.
    this.#onIdle = () => slower.terminate();
    if (!this.#running) this.#onIdle();
  }

  /**
   * The network's outputs for an image.
   *
   * @param {Task} task
   * @returns {Promise<Reply>} Rejected by `Superseded` where a newer image came before this one's turn.
   */
  draw(task) {
    return new Promise((resolve, reject) => {
      this.#waiting?.reject(new Superseded());
      this.#waiting = { task, resolve, reject };
      this.#next();
    });
  }

  #next() {
    if (this.#running || !this.#waiting) return;
    const { task, resolve, reject } = this.#waiting;
    this.#waiting = null;
    this.#last += 1;
    this.#running = { id: this.#last, resolve, reject };
    this.worker.postMessage({ id: this.#last, ...task });
  }

  /** @param {{id: number, reply?: Reply, refusal?: string}} message */
  #receive({ id, reply, refusal }) {
    const running = this.#running;
    if (!running || running.id !== id) return;
    this.#running = null;
    this.#onIdle();
    if (reply) running.resolve(reply);
    else running.reject(new Error(refusal));
    this.#next();
  }
}

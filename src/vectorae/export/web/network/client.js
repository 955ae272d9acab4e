/**
 * The page's side of the worker: one image at a time, and of those that come meanwhile the last alone.
 *
 * @typedef {import('../types.js').Scene} Scene
 * @typedef {import('../types.js').Reply} Reply
 * @typedef {import('../types.js').Resize} Resize
 * @typedef {{image: Blob | ImageData, resize: Resize, invert: boolean}} Task
 */

/** What a newer image has taken the place of. */
export class Superseded extends Error {}

export class Network {
  /** @type {{task: Task, resolve: (reply: Reply) => void, reject: (error: Error) => void} | null} */
  #waiting = null;
  /** @type {{id: number, resolve: (reply: Reply) => void, reject: (error: Error) => void} | null} */
  #running = null;
  #last = 0;

  constructor() {
    const address = new URL('./worker.js', import.meta.url).href;
    // From memory, so that the page's Content-Security-Policy holds in the worker too.
    const script = new Blob([`import ${JSON.stringify(address)};`], { type: 'text/javascript' });
    this.worker = new Worker(URL.createObjectURL(script), { type: 'module' });
    /** @type {Promise<Scene>} */
    this.ready = new Promise((resolve, reject) => {
      this.worker.onerror = (event) => reject(new Error(event.message || 'the worker does not start'));
      this.worker.onmessage = ({ data }) => {
        if (data.ready) resolve(data.scene);
        else if (data.failure) reject(new Error(data.failure));
        else this.#receive(data);
      };
    });
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
    if (reply) running.resolve(reply);
    else running.reject(new Error(refusal));
    this.#next();
  }
}

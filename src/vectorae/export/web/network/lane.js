/**
 * One worker with its network: one image at a time, and of those that come meanwhile the last alone.
 *
 * @typedef {import('../types.js').Scene} Scene
 * @typedef {import('../types.js').Reply} Reply
 * @typedef {import('../types.js').Resize} Resize
 * @typedef {{image: Blob | ImageData, resize: Resize, invert: boolean}} Task
 * @typedef {{resolve: (reply: Reply) => void, reject: (error: Error) => void}} Promised
 */

/** What a newer image has taken the place of. */
export class Superseded extends Error {}

export class Lane {
  /** @type {(Promised & {task: Task}) | null} */
  #waiting = null;
  /** @type {(Promised & {id: number}) | null} */
  #running = null;
  #last = 0;

  /** @param {Worker} worker */
  constructor(worker) {
    this.worker = worker;
    /** @type {Promise<{scene: Scene, milliseconds: number}>} The scene, and how long an image takes. */
    this.ready = new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message || 'the worker does not start'));
      worker.onmessage = ({ data }) => {
        if (data.ready) resolve(data);
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

  /** End when nothing is left to do. */
  close() {
    if (this.#running || this.#waiting) setTimeout(() => this.close(), 100);
    else this.worker.terminate();
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

/** The camera: what it sees is drawn as it comes, until a picture is taken. */
import { box, button, element } from './elements.js';

/** Pixels of the square that is taken from the camera. */
const SIDE = 512;

export class Camera {
  /** @type {MediaStream | null} */
  #stream = null;

  /**
   * @param {(image: ImageData) => Promise<unknown>} onFrame Its promise ends when the next frame may come.
   * @param {(image: Blob) => void} onShot
   * @param {(message: string) => void} onTrouble
   */
  constructor(onFrame, onShot, onTrouble) {
    this.onFrame = onFrame;
    this.onShot = onShot;
    this.onTrouble = onTrouble;
    this.video = element('video', HTMLVideoElement);
    this.button = button('camera');
    this.button.hidden = !navigator.mediaDevices?.getUserMedia;
    this.canvas = document.createElement('canvas');
    this.canvas.width = this.canvas.height = SIDE;
    button('shoot').addEventListener('click', () => this.#shoot());
  }

  get isOn() {
    return this.#stream !== null;
  }

  async start() {
    try {
      const video = { width: { ideal: 1280 }, facingMode: 'user' };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video });
    } catch {
      this.onTrouble('There is no camera, or the browser does not let this page use it.');
      return false;
    }
    this.video.srcObject = this.#stream;
    await this.video.play();
    this.#show(true);
    void this.#watch();
    return true;
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.video.srcObject = null;
    this.#show(false);
  }

  async #watch() {
    while (this.isOn) {
      const context = this.#seen();
      if (context) await this.onFrame(context.getImageData(0, 0, SIDE, SIDE));
      await new Promise(requestAnimationFrame);
    }
  }

  /** The centre of what the camera sees, as in a mirror. */
  #seen() {
    const { videoWidth: width, videoHeight: height } = this.video;
    const context = this.canvas.getContext('2d', { willReadFrequently: true });
    if (!context || !width) return null;
    const side = Math.min(width, height);
    context.setTransform(-1, 0, 0, 1, SIDE, 0);
    context.drawImage(this.video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    return context;
  }

  #shoot() {
    if (!this.#seen()) return;
    this.canvas.toBlob((blob) => {
      this.stop();
      this.button.focus(); // as the other one is gone
      if (blob) this.onShot(blob);
    });
  }

  /** @param {boolean} isOn */
  #show(isOn) {
    this.video.hidden = !isOn;
    box('camera-tools').hidden = !isOn;
    this.button.setAttribute('aria-pressed', String(isOn));
  }
}

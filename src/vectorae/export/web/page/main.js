/**
 * The page: an image comes in, the network's shapes come out.
 *
 * @typedef {import('../types.js').Scene} Scene
 * @typedef {import('../types.js').Reply} Reply
 * @typedef {import('../types.js').Resize} Resize
 */
import { svgDocument } from '../drawing/document.js';
import { shapesOf, startOutputs } from '../drawing/shapes.js';
import { plain } from '../image/plain.js';
import { psnr } from '../image/quality.js';
import { frameOf, partOf } from '../image/view.js';
import { Network } from '../network/client.js';
import { Superseded } from '../network/lane.js';
import { aboutScene, leadOf, showLayers } from './about.js';
import { Camera } from './camera.js';
import { box, button, element, input } from './elements.js';
import { numbersOf, writeNumbers } from './inspector.js';
import { asPng, copy, rendered, save } from './output.js';
import { Player } from './player.js';
import { Sketch } from './sketch.js';
import { leaveExamples, listenForFiles, showExamples } from './sources.js';
import { Stage } from './stage.js';

/** Pixels of the longer side of a PNG, at least. */
const PNG_SIDE = 1024;

/** @type {Record<string, string>} */
const DEVICES = { wasm: 'the processor', webgpu: 'the graphics processor' };

const [picture, pane, message] = [element('picture', HTMLImageElement), box('image'), box('message')];
const [resize, invert] = [element('resize', HTMLSelectElement), input('invert')];

class Page {
  /** @type {{image: Blob | ImageData, name: string} | null} */
  #given = null;
  /** @type {import('../types.js').Point} */
  #origin = [0, 0];
  #last = 0;

  /**
   * @param {Network} network
   * @param {Scene} scene
   */
  constructor(network, scene) {
    this.network = network;
    this.scene = scene;
    this.channels = scene.input.shape[1];
    this.side = scene.input.shape[2];
    this.start = startOutputs(scene);
    this.player = new Player((time) => (this.stage.time = time));
    this.stage = new Stage(box('drawing'), (shape) => this.#describe(shape));
    this.camera = new Camera(
      (frame) => this.draw(frame, 'camera', true),
      (shot) => this.open(shot, 'camera.png'),
      say,
    );
    this.sketch = new Sketch((sheet, isDone) => void this.draw(sheet, 'sketch', !isDone));
    this.#listen();
  }

  /**
   * Take an image file: show it, and draw it.
   *
   * @param {Blob} file
   * @param {string} name
   */
  open(file, name) {
    this.#leave();
    URL.revokeObjectURL(picture.src);
    picture.src = URL.createObjectURL(file);
    picture.alt = name;
    picture.onload = () => picture.classList.toggle('small', picture.naturalWidth <= 128);
    picture.hidden = false;
    box('empty').hidden = true;
    void this.draw(file, name, false);
  }

  /**
   * Draw an image.
   *
   * @param {Blob | ImageData} image
   * @param {string} name
   * @param {boolean} isLive Whether it is one of many in a row.
   */
  async draw(image, name, isLive) {
    const began = performance.now();
    const how = /** @type {Resize} */ (resize.value);
    this.#given = { image, name };
    this.#last += 1;
    const number = this.#last;
    try {
      const reply = await this.network.draw({ image, resize: how, invert: invert.checked }, isLive);
      // Of two networks the slower one may reply after the other has drawn something newer.
      if (number < this.#last && !isLive) return;
      this.#show(reply, how, isLive);
      const taken = performance.now() - began;
      await this.#measure(reply, how, taken, isLive);
    } catch (error) {
      if (!(error instanceof Superseded)) say(`“${name}” is ${/** @type {Error} */ (error).message}.`, true);
    }
  }

  /**
   * @param {Reply} reply
   * @param {Resize} how
   * @param {boolean} isLive
   */
  #show({ outputs, width, height }, how, isLive) {
    const frame = frameOf(width, height, this.side, how);
    this.#origin = [frame.part.left, frame.part.top];
    const { side, scene, start } = this;
    this.player.pause();
    this.player.show(1);
    this.player.enable();
    for (const name of ['svg', 'png', 'copy']) button(name).disabled = false;
    box('waiting').hidden = true;
    const drawing = {
      shapes: shapesOf(outputs, scene, side, this.#origin),
      start: shapesOf(start, scene, side, this.#origin),
      background: outputs.background ? Array.from(outputs.background.data) : null,
      startBackground: start.background ? Array.from(start.background.data) : null,
      frame,
      screen: scene.compositing === 'soft_or',
    };
    this.stage.show(drawing, isLive);
  }

  /**
   * Write how many shapes, how near, how soon, how small.
   *
   * @param {Reply} reply
   * @param {Resize} how
   * @param {number} taken Milliseconds.
   * @param {boolean} isLive
   */
  async #measure({ outputs, square, width, height, device }, how, taken, isLive) {
    const { side, scene, channels } = this;
    const shapes = shapesOf(outputs, scene, side, [0, 0]);
    const background = outputs.background ? Array.from(outputs.background.data) : null;
    const frame = { part: { left: 0, top: 0, width: side, height: side }, width: side, height: side };
    const text = svgDocument(shapes, background, frame, { screen: scene.compositing === 'soft_or' });
    const canvas = await rendered(text, side, side);
    const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d')).getImageData(0, 0, side, side);
    const drawn = plain({ data, width: side, height: side, channels: 4 }, channels);
    const decibels = psnr(square, drawn, partOf(width, height, side, how));
    const words = { shapes: String(shapes.length), psnr: `${decibels.toFixed(1)} dB`, time: `${Math.round(taken)} ms` };
    box('count').textContent = words.shapes;
    box('psnr').textContent = words.psnr;
    box('taken').textContent = words.time;
    box('bytes').textContent = `${(new Blob([text]).size / 1000).toFixed(1)} kB`;
    const more = this.network.isComplete ? '' : ' Corrections are being loaded …';
    if (!isLive) say(`Drawn with ${words.shapes} shapes in ${words.time} by ${DEVICES[device]}; PSNR ${words.psnr}.${more}`);
  }

  /** @param {import('../types.js').Shape | null} shape */
  #describe(shape) {
    box('shape-hint').hidden = shape !== null;
    box('shape').hidden = shape === null;
    if (shape) writeNumbers(box('shape'), numbersOf(shape, this.side, this.#origin));
  }

  /** Leave camera, sheet and examples, whatever of them was in use. */
  #leave() {
    if (this.camera.isOn) this.camera.stop();
    if (this.sketch.isOn) this.sketch.stop();
    leaveExamples();
    box('image').parentElement?.parentElement?.classList.remove('wide');
    picture.hidden = true;
  }

  #listen() {
    listenForFiles((file, name) => this.open(file, name), (text) => say(text, true));
    this.camera.button.addEventListener('click', async () => {
      const wasOn = this.camera.isOn;
      this.#leave();
      box('empty').hidden = false;
      if (wasOn || !(await this.camera.start())) return;
      box('empty').hidden = true;
      say('Drawing what the camera sees.');
    });
    this.sketch.button.addEventListener('click', () => {
      const wasOn = this.sketch.isOn;
      this.#leave();
      box('empty').hidden = !wasOn;
      if (wasOn) return;
      box('image').parentElement?.parentElement?.classList.add('wide');
      this.sketch.start();
    });
    for (const one of [resize, invert]) one.addEventListener('change', () => this.again());
    button('svg').addEventListener('click', () => {
      save(new Blob([this.#text()], { type: 'image/svg+xml' }), `${this.#stem}.svg`);
    });
    button('png').addEventListener('click', () => void this.#savePng());
    button('copy').addEventListener('click', async () => {
      const text = this.#text();
      try {
        await copy(text);
        say(`Copied: an SVG of ${text.length} characters.`);
      } catch (error) {
        say(`Not copied: ${/** @type {Error} */ (error).message}.`, true);
      }
    });
  }

  /** Draw the same image once more. */
  again() {
    pane.classList.toggle('crop', resize.value === 'crop');
    if (this.#given && !this.camera.isOn) void this.draw(this.#given.image, this.#given.name, false);
  }

  #text() {
    return this.stage.document(this.#given?.name ?? 'drawing');
  }

  get #stem() {
    return (this.#given?.name ?? 'drawing').replace(/\.[^.]*$/, '') || 'drawing';
  }

  async #savePng() {
    const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(this.#text()) ?? [];
    const scale = Math.max(1, PNG_SIDE / Math.max(Number(width), Number(height)));
    const size = [width, height].map((side) => Math.round(Number(side) * scale));
    const canvas = await rendered(this.stage.document('drawing', scale), size[0], size[1]);
    save(await asPng(canvas), `${this.#stem}.png`);
  }
}

/**
 * Say something, aloud too where a person listens.
 *
 * @param {string} text
 * @param {boolean} isBad
 */
function say(text, isBad = false) {
  message.textContent = text;
  message.classList.toggle('bad', isBad);
}

async function main() {
  say('Loading the network …');
  if (typeof WebAssembly === 'undefined' || typeof DecompressionStream === 'undefined') {
    return say('This browser cannot run the network: it has no WebAssembly, or is too old. Use a newer one.', true);
  }
  try {
    const files = await (await fetch('site.json')).json();
    const network = new Network(files.networks, () => page.again());
    const scene = await network.ready;
    const page = new Page(network, scene);
    box('lead').textContent = leadOf(scene);
    box('about').textContent = aboutScene(scene);
    showLayers(scene, (layer, isHidden) => page.stage.hide(layer, isHidden));
    page.sketch.prepare(page.channels < 3, (page.start.background?.data[0] ?? 1) < 0.5);
    showExamples(files.examples, (image, name) => page.open(image, name));
    for (const name of ['pick', 'paste', 'camera', 'sketch']) button(name).disabled = false;
    say('Ready. Choose, drop or paste a picture, or draw one.');
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
    const first = box('examples').firstElementChild;
    if (first instanceof HTMLElement) first.click();
  } catch (error) {
    const why = /** @type {Error} */ (error).message;
    say(`The network could not be loaded (${why}). Reload the page; if that does not help, export it again.`, true);
  }
}

void main();

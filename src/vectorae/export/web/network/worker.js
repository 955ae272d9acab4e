/**
 * The worker: image files to the network's outputs, so that the page never waits.
 *
 * @typedef {import('../types.js').Scene} Scene
 * @typedef {import('../types.js').Outputs} Outputs
 * @typedef {import('../types.js').Pixels} Pixels
 * @typedef {import('../types.js').Resize} Resize
 * @typedef {{id: number, image: Blob | ImageData, resize: Resize, invert: boolean}} Question
 */
import { decoded, isJpeg, NoImage } from '../image/decode.js';
import { inverted, plain } from '../image/plain.js';
import { drafted } from '../image/resize.js';
import { squareOf } from '../image/view.js';
import { fetched, loadRuntime } from './runtime.js';

const BASE = new URL('../', import.meta.url);

/** @type {any} */
let runtime;
/** @type {any} */
let session;
/** @type {Scene} */
let scene;

/** What it runs on, `wasm` or `webgpu`, and the file of its network: its name. */
const [DEVICE, NETWORK] = self.name.split(' ');

/** Load the model, and say that it is ready, and how many milliseconds an image takes. */
async function start() {
  // Of WebGPU, TypeScript knows nothing yet.
  const graphics = /** @type {any} */ (navigator).gpu;
  if (DEVICE === 'webgpu' && !(await graphics?.requestAdapter())) throw new Error('no graphics processor');
  const [files, description, model] = await Promise.all(
    ['site.json', 'scene.json', NETWORK].map((name) => fetched(new URL(name, BASE))),
  );
  const parsed = [files, description].map((content) => JSON.parse(new TextDecoder().decode(content)));
  scene = parsed[1];
  // Several threads need memory that they share, which browsers give to isolated pages alone.
  const threads = globalThis.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
  runtime = await loadRuntime(parsed[0].runtime[DEVICE], BASE, threads);
  session = await runtime.InferenceSession.create(new Uint8Array(model), { executionProviders: [DEVICE] });
  const [, channels, side] = scene.input.shape;
  const black = { data: new Uint8Array(side * side * channels), width: side, height: side, channels };
  // The first run is slower: nobody shall wait for it.
  await run(black);
  const began = performance.now();
  await run(black);
  postMessage({ ready: true, scene, milliseconds: performance.now() - began });
}

/**
 * The outputs for what the network sees.
 *
 * @param {Pixels} square
 * @returns {Promise<Outputs>}
 */
async function run({ data, width, height, channels }) {
  const values = new Float32Array(data.length);
  const area = width * height;
  for (let place = 0; place < area; place += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      values[channel * area + place] = data[place * channels + channel] / 255;
    }
  }
  const images = new runtime.Tensor('float32', values, [1, channels, height, width]);
  const found = await session.run({ images });
  const entries = Object.entries(found).map(([name, { data: numbers, dims }]) => {
    const output = { data: Float32Array.from(numbers), shape: dims.slice(1) };
    return /** @type {[string, import('../types.js').Output]} */ ([name, output]);
  });
  return Object.fromEntries(entries);
}

/** @param {Question} question */
async function draw({ id, image, resize, invert }) {
  const [, channels, side] = scene.input.shape;
  let pixels = image instanceof ImageData ? { ...sizeOf(image), data: image.data, channels: 4 } : await decoded(image);
  const { width, height } = pixels;
  if (image instanceof Blob && (await isJpeg(image))) pixels = drafted(pixels, (2 * side) / Math.min(width, height));
  const seen = squareOf(plain(pixels, channels), side, resize, scene.input.bars);
  const square = invert ? inverted(seen) : seen;
  const outputs = await run(square);
  postMessage({ id, reply: { outputs, square, width, height, device: DEVICE } });
}

/** @param {ImageData} image */
const sizeOf = ({ width, height }) => ({ width, height });

const started = start().catch((error) => postMessage({ failure: String(error?.message ?? error) }));

onmessage = async ({ data: question }) => {
  await started;
  try {
    await draw(question);
  } catch (error) {
    const isImage = error instanceof NoImage;
    postMessage({ id: question.id, refusal: isImage ? error.message : `not drawn (${String(error)})`, isImage });
  }
};

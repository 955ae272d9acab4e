/**
 * Image files as pixels, upright, without colour management, the first picture of several: as Pillow has them.
 *
 * @typedef {import('../types.js').Pixels} Pixels
 */

/** Larger images are refused, as `vectorize` refuses them. */
const MAX_PIXELS = 178_956_970;

/** The first bytes of JPEG files. */
const JPEG = [0xff, 0xd8, 0xff];

/** What is no image, or cannot be drawn for another reason that a person should know. */
export class NoImage extends Error {}

/**
 * The pixels of a file, four channels.
 *
 * @param {Blob} file
 * @returns {Promise<Pixels>}
 */
export async function decoded(file) {
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { colorSpaceConversion: 'none', premultiplyAlpha: 'none' });
  } catch {
    throw new NoImage('no image that this browser can read');
  }
  const { width, height } = bitmap;
  if (width * height > MAX_PIXELS) {
    throw new NoImage(`of ${width} × ${height} pixels, more than the ${MAX_PIXELS} that are allowed`);
  }
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (!context) throw new NoImage(`of ${width} × ${height} pixels, which is too large for this browser`);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  return { data, width, height, channels: 4 };
}

/**
 * Whether a file is a JPEG, of which Pillow decodes no more than is needed.
 *
 * @param {Blob} file
 */
export async function isJpeg(file) {
  const first = new Uint8Array(await file.slice(0, JPEG.length).arrayBuffer());
  return JPEG.every((value, place) => first[place] === value);
}

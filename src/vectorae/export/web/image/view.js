/**
 * How an image of any size becomes a square one, and the square's drawing an image again: `vectorae.io.images`.
 *
 * @typedef {import('../types.js').Pixels} Pixels
 * @typedef {import('../types.js').Part} Part
 * @typedef {import('../types.js').Frame} Frame
 * @typedef {import('../types.js').Resize} Resize
 */
import { resized } from './resize.js';

/** Pixels by which a place may be off that should be a whole number. */
const ROUNDING = 1e-6;

/**
 * The part of the square that shows an image.
 *
 * @param {number} width Of the image.
 * @param {number} height
 * @param {number} side Of the square.
 * @param {Resize} resize
 * @returns {Part}
 */
export function partOf(width, height, side, resize) {
  if (resize !== 'pad') return { left: 0, top: 0, width: side, height: side };
  const longer = Math.max(width, height);
  const [across, down] = [(side * width) / longer, (side * height) / longer];
  return { left: (side - across) / 2, top: (side - down) / 2, width: across, height: down };
}

/**
 * The part of the drawing that shows an image, and the image's size in whole pixels.
 *
 * @param {number} width Of the image.
 * @param {number} height
 * @param {number} side Of the square.
 * @param {Resize} resize
 * @returns {Frame}
 */
export function frameOf(width, height, side, resize) {
  const part = partOf(width, height, side, resize);
  if (resize === 'stretch') return { part, width, height };
  const shorter = Math.min(width, height);
  const [shownWidth, shownHeight] = resize === 'crop' ? [shorter, shorter] : [width, height];
  // So that nothing is squeezed, the part is by at most half a pixel higher or lower.
  const seen = (part.width * shownHeight) / shownWidth;
  const top = part.top + (part.height - seen) / 2;
  return { part: { ...part, top, height: seen }, width: shownWidth, height: shownHeight };
}

/**
 * The network's view of an image: a square.
 *
 * @param {Pixels} image
 * @param {number} side
 * @param {Resize} resize
 * @param {'edge' | 'black'} bars What fills the square around an image that is not square.
 * @returns {Pixels}
 */
export function squareOf(image, side, resize, bars) {
  if (resize === 'crop') {
    const shorter = Math.min(image.width, image.height);
    const [left, top] = [(image.width - shorter) / 2, (image.height - shorter) / 2];
    return resized(image, [left, top, left + shorter, top + shorter], side, side);
  }
  const part = partOf(image.width, image.height, side, resize);
  const [left, top] = [Math.floor(part.left + ROUNDING), Math.floor(part.top + ROUNDING)];
  const right = Math.ceil(part.left + part.width - ROUNDING);
  const bottom = Math.ceil(part.top + part.height - ROUNDING);
  // The pixels that the image touches, in its own.
  const [across, down] = [image.width / part.width, image.height / part.height];
  const box = [(left - part.left) * across, (top - part.top) * down];
  box.push((right - part.left) * across, (bottom - part.top) * down);
  const more = [-box[0], -box[1], box[2] - image.width, box[3] - image.height].map((over) =>
    Math.max(0, Math.ceil(over - ROUNDING)),
  );
  const wider = continued(image, more, 'edge');
  const limits = [wider.width, wider.height, wider.width, wider.height];
  const inside = box.map((place, index) => Math.min(limits[index], Math.max(0, place + more[index % 2])));
  const touched = resized(wider, /** @type {[number, number, number, number]} */ (inside), right - left, bottom - top);
  return continued(touched, [left, top, side - right, side - bottom], bars);
}

/**
 * An image with more pixels on its sides: those at its edges once more, or black ones.
 *
 * @param {Pixels} image
 * @param {number[]} more Left, top, right, bottom.
 * @param {'edge' | 'black'} bars
 * @returns {Pixels}
 */
function continued(image, more, bars) {
  if (!more.some(Boolean)) return image;
  const [left, top, right, bottom] = more;
  const { channels } = image;
  const [width, height] = [image.width + left + right, image.height + top + bottom];
  const data = new Uint8ClampedArray(width * height * channels);
  for (let y = 0; y < height; y += 1) {
    const row = Math.min(image.height - 1, Math.max(0, y - top));
    for (let x = 0; x < width; x += 1) {
      const column = Math.min(image.width - 1, Math.max(0, x - left));
      if (bars === 'black' && (row !== y - top || column !== x - left)) continue;
      const from = (row * image.width + column) * channels;
      const to = (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel += 1) data[to + channel] = image.data[from + channel];
    }
  }
  return { data, width, height, channels };
}

/**
 * How near a drawing is to its image.
 *
 * @typedef {import('../types.js').Pixels} Pixels
 * @typedef {import('../types.js').Part} Part
 */

/**
 * The peak signal-to-noise ratio of the part of two squares that shows the image, in dB.
 *
 * @param {Pixels} image What the network saw.
 * @param {Pixels} drawing The same channels, the same size.
 * @param {Part} part
 */
export function psnr(image, drawing, part) {
  const { width, channels } = image;
  const [left, top] = [Math.floor(part.left + 1e-6), Math.floor(part.top + 1e-6)];
  const [right, bottom] = [Math.ceil(part.left + part.width - 1e-6), Math.ceil(part.top + part.height - 1e-6)];
  let sum = 0;
  for (let row = top; row < bottom; row += 1) {
    for (let place = (row * width + left) * channels; place < (row * width + right) * channels; place += 1) {
      sum += ((image.data[place] - drawing.data[place]) / 255) ** 2;
    }
  }
  const mean = sum / ((right - left) * (bottom - top) * channels);
  return mean > 0 ? -10 * Math.log10(mean) : Infinity;
}

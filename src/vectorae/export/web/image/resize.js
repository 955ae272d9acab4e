/**
 * Bilinear resizing with antialiasing, as Pillow does it: to the bit, in whole numbers.
 *
 * The filter is a triangle, as wide as the reduction; one way first, then the other, each rounded to eight bits.
 *
 * @typedef {import('../types.js').Pixels} Pixels
 */

/** Bits after the point of weights. */
const PRECISION = 22;

/**
 * Part of an image at another size.
 *
 * @param {Pixels} image
 * @param {[number, number, number, number]} box Left, top, right, bottom: any fractions of pixels within the image.
 * @param {number} width Of the result, pixels.
 * @param {number} height
 * @returns {Pixels}
 */
export function resized(image, box, width, height) {
  // Pillow's boxes have single precision.
  const [left, top, right, bottom] = box.map(Math.fround);
  /** @param {Pixels} pixels */
  const narrowed = (pixels) =>
    width !== image.width || left !== 0 || right !== width
      ? acrossRows(pixels, weightsOf(image.width, left, right, width))
      : pixels;
  /** @param {Pixels} pixels */
  const lowered = (pixels) =>
    height !== image.height || top !== 0 || bottom !== height
      ? downColumns(pixels, weightsOf(image.height, top, bottom, height))
      : pixels;
  // As Pillow does since its version 13, where that is quicker.
  const fewerRows = image.height - height;
  if (fewerRows > 0 && fewerRows > 2 * (image.width - width)) return narrowed(lowered(image));
  return lowered(narrowed(image));
}

/**
 * @typedef {object} Weights
 * @property {number} size How many pixels come out.
 * @property {Int32Array} first The first pixel that each is made of.
 * @property {Int32Array} counts Of how many it is made.
 * @property {Int32Array} weights Of these, `most` each.
 * @property {number} most
 */

/**
 * @param {number} length Of the image, pixels.
 * @param {number} start
 * @param {number} end
 * @param {number} size
 * @returns {Weights}
 */
function weightsOf(length, start, end, size) {
  const scale = Math.fround(end - start) / size;
  const reach = Math.max(1, scale);
  const most = Math.ceil(reach) * 2 + 1;
  const [first, counts, weights] = [new Int32Array(size), new Int32Array(size), new Int32Array(size * most)];
  for (let index = 0; index < size; index += 1) {
    const center = start + (index + 0.5) * scale;
    const from = Math.max(0, Math.trunc(center - reach + 0.5));
    const count = Math.min(length, Math.trunc(center + reach + 0.5)) - from;
    const shares = [];
    let sum = 0;
    for (let step = 0; step < count; step += 1) {
      const share = Math.max(0, 1 - Math.abs((step + from - center + 0.5) / reach));
      shares.push(share);
      sum += share;
    }
    first[index] = from;
    counts[index] = count;
    shares.forEach((share, step) => {
      weights[index * most + step] = Math.trunc((sum ? share / sum : share) * 2 ** PRECISION + 0.5);
    });
  }
  return { size, first, counts, weights, most };
}

/**
 * @param {Pixels} image
 * @param {Weights} weights
 * @returns {Pixels}
 */
function acrossRows({ data, width, height, channels }, { size, first, counts, weights, most }) {
  const result = new Uint8ClampedArray(size * height * channels);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const begin = (row * width + first[column]) * channels;
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 1 << (PRECISION - 1);
        for (let step = 0; step < counts[column]; step += 1) {
          sum += data[begin + step * channels + channel] * weights[column * most + step];
        }
        result[(row * size + column) * channels + channel] = sum >> PRECISION;
      }
    }
  }
  return { data: result, width: size, height, channels };
}

/**
 * @param {Pixels} image
 * @param {Weights} weights
 * @returns {Pixels}
 */
function downColumns({ data, width, channels }, { size, first, counts, weights, most }) {
  const stride = width * channels;
  const result = new Uint8ClampedArray(size * stride);
  for (let row = 0; row < size; row += 1) {
    for (let place = 0; place < stride; place += 1) {
      let sum = 1 << (PRECISION - 1);
      for (let step = 0; step < counts[row]; step += 1) {
        sum += data[(first[row] + step) * stride + place] * weights[row * most + step];
      }
      result[row * stride + place] = sum >> PRECISION;
    }
  }
  return { data: result, width, height: size, channels };
}

/**
 * An image at an eighth, a quarter or half of its size, but not below what is needed: as Pillow decodes large JPEGs.
 *
 * @param {Pixels} image
 * @param {number} needed The share of its size that is enough.
 * @returns {Pixels}
 */
export function drafted(image, needed) {
  if (needed >= 0.5) return image;
  const sides = [image.width, image.height].map((side) => Math.floor(side / (Math.floor(side * needed) + 1)));
  const most = Math.min(...sides);
  const factor = [8, 4, 2].find((one) => most >= one);
  return factor ? averaged(image, factor) : image;
}

/**
 * The means of squares of pixels.
 *
 * @param {Pixels} image
 * @param {number} factor
 * @returns {Pixels}
 */
function averaged({ data, width, height, channels }, factor) {
  const [across, down] = [Math.ceil(width / factor), Math.ceil(height / factor)];
  const sums = new Uint32Array(across * down * channels);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const to = (Math.floor(row / factor) * across + Math.floor(column / factor)) * channels;
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel += 1) sums[to + channel] += data[from + channel];
    }
  }
  const result = new Uint8ClampedArray(sums.length);
  for (let place = 0; place < sums.length; place += 1) {
    const pixel = Math.floor(place / channels);
    const [column, row] = [pixel % across, Math.floor(pixel / across)];
    const count = Math.min(factor, width - column * factor) * Math.min(factor, height - row * factor);
    result[place] = Math.round(sums[place] / count);
  }
  return { data: result, width: across, height: down, channels };
}

/**
 * Pixels as the browser has them, red, green, blue and alpha, as the channels that the network takes: to the bit as
 * Pillow makes them.
 *
 * @typedef {import('../types.js').Pixels} Pixels
 */

/**
 * An image as 3 channels or 1, over white; or as 4 or 2, colours multiplied with alpha, which is the last.
 *
 * @param {Pixels} image Of four channels.
 * @param {number} channels 1 to 4.
 * @returns {Pixels}
 */
export function plain({ data, width, height }, channels) {
  const result = new Uint8ClampedArray(width * height * channels);
  const keepsAlpha = channels === 2 || channels === 4;
  const colors = channels < 3 ? 1 : 3;
  for (let from = 0, to = 0; from < data.length; from += 4, to += channels) {
    const alpha = data[from + 3];
    let [red, green, blue] = [data[from], data[from + 1], data[from + 2]];
    if (!keepsAlpha && alpha < 255) {
      [red, green, blue] = [overWhite(red, alpha), overWhite(green, alpha), overWhite(blue, alpha)];
    }
    if (colors === 1) result[to] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
    else [result[to], result[to + 1], result[to + 2]] = [red, green, blue];
    if (keepsAlpha) {
      for (let channel = 0; channel < colors; channel += 1) {
        result[to + channel] = multiplied(result[to + channel], alpha);
      }
      result[to + colors] = alpha;
    }
  }
  return { data: result, width, height, channels };
}

/**
 * Black as white; alpha stays as it is, and white is as much as it.
 *
 * @param {Pixels} image
 * @returns {Pixels}
 */
export function inverted(image) {
  const { channels } = image;
  const keepsAlpha = channels === 2 || channels === 4;
  const data = image.data.map((value, place) => {
    const channel = place % channels;
    if (!keepsAlpha) return 255 - value;
    return channel === channels - 1 ? value : image.data[place - channel + channels - 1] - value;
  });
  return { ...image, data };
}

/**
 * @param {number} value
 * @param {number} alpha
 */
function overWhite(value, alpha) {
  const sum = value * alpha * 128 + 255 * (255 - alpha) * 128 + (0x80 << 7);
  return (((sum >> 8) + sum) >> 8) >> 7;
}

/**
 * @param {number} value
 * @param {number} alpha
 */
function multiplied(value, alpha) {
  const product = value * alpha + 128;
  return ((product >> 8) + product) >> 8;
}

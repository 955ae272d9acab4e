/**
 * Gradients as SVG elements, as `vectorae.svg.definitions` writes them, with ids that follow from their contents.
 *
 * @typedef {import('../types.js').Point} Point
 * @typedef {import('../types.js').Gradient} Gradient
 * @typedef {import('../types.js').Stop} Stop
 */
import { cssColor, number, turned } from './markup.js';

/** Decimals of numbers by which others are multiplied. */
const FINE = 4;

/** Pixels: linear gradients of less have no length. */
const SHORTEST = 1e-6;

/** Pixels: radial gradients of less have no area. */
const THINNEST = 1e-3;

/** @param {number} value */
const fine = (value) => number(value, FINE);

/** The definitions of a document: elements by id, in the order in which they were asked for. */
export class Definitions {
  constructor() {
    /** @type {Map<string, string>} */
    this.elements = new Map();
  }

  /**
   * The value of `fill` or `stroke`, and a factor on its opacity.
   *
   * @param {number[]} color
   * @param {Gradient | null} gradient
   * @returns {[string, number]}
   */
  paint(color, gradient) {
    if (gradient === null) return [cssColor(color), 1];
    if (isFlat(gradient) || gradient.stops.length === 1) {
      const last = gradient.stops[gradient.stops.length - 1];
      return [cssColor(last.color), last.opacity];
    }
    const name = `gradient-${digest(gradientElement(gradient, ''))}`;
    this.elements.set(name, gradientElement(gradient, name));
    return [`url(#${name})`, 1];
  }

  /** `<defs>` with its contents, line by line; nothing if there are none. */
  get lines() {
    return this.elements.size ? ['<defs>', ...this.elements.values(), '</defs>'] : [];
  }
}

/**
 * Whether a gradient has no length: its last stop is seen everywhere.
 *
 * @param {Gradient} gradient
 */
function isFlat({ points }) {
  const lengths = points.slice(1, 3).map(([x, y]) => Math.hypot(x - points[0][0], y - points[0][1]));
  if (points.length === 2) return lengths[0] < SHORTEST;
  const [[x, y], [a, b], [c, d]] = points;
  return Math.abs((a - x) * (d - y) - (b - y) * (c - x)) <= THINNEST * Math.max(...lengths);
}

/**
 * A gradient turned about a centre, radians, clockwise.
 *
 * @param {Gradient | null} gradient
 * @param {number} angle
 * @param {Point} center
 * @returns {Gradient | null}
 */
export function turnedGradient(gradient, angle, center) {
  return gradient === null || angle === 0 ? gradient : { ...gradient, points: turned(gradient.points, angle, center) };
}

/**
 * @param {Gradient} gradient
 * @param {string} name
 */
function gradientElement(gradient, name) {
  const tag = gradient.points.length === 2 ? 'linearGradient' : 'radialGradient';
  const words = Object.entries(geometryOf(gradient)).map(([key, value]) => `${key}="${value}"`).join(' ');
  const spread = gradient.spread === 'pad' ? '' : ` spreadMethod="${gradient.spread}"`;
  let least = 0;
  const stops = gradient.stops.map((stop) => {
    // None comes before one that is before it.
    least = Math.max(least, Math.min(1, Math.max(0, stop.offset)));
    return stopElement({ ...stop, offset: least });
  });
  return `<${tag} id="${name}" gradientUnits="userSpaceOnUse" ${words}${spread}>${stops.join('')}</${tag}>`;
}

/** @param {Stop} stop */
function stopElement(stop) {
  const opacity = number(stop.opacity, 3);
  const words = `offset="${fine(stop.offset)}" stop-color="${cssColor(stop.color)}"`;
  return opacity === '1' ? `<stop ${words}/>` : `<stop ${words} stop-opacity="${opacity}"/>`;
}

/**
 * Attribute → value of where a gradient lies.
 *
 * @param {Gradient} gradient
 * @returns {Record<string, string>}
 */
function geometryOf({ points }) {
  if (points.length === 2) {
    const [[x1, y1], [x2, y2]] = points;
    return { x1: fine(x1), y1: fine(y1), x2: fine(x2), y2: fine(y2) };
  }
  const [[x, y], [ax, ay], [bx, by], [fx, fy]] = points;
  const [a, b, c, d] = [ax - x, ay - y, bx - x, by - y];
  // The singular values of the matrix whose columns are the radii, and by how much its factors turn.
  const [same, other] = [Math.hypot(a + d, b - c) / 2, Math.hypot(a - d, b + c) / 2];
  const [first, second] = [Math.atan2(b - c, a + d), Math.atan2(b + c, a - d)];
  const [outer, inner] = [(first + second) / 2, (first - second) / 2];
  const [width, height] = [same + other, same - other];
  if (Math.abs(width - Math.abs(height)) < 1e-6 * width) {
    return { cx: fine(x), cy: fine(y), r: fine(width), fx: fine(fx), fy: fine(fy) };
  }
  const area = a * d - b * c;
  const [u, v] = [(d * (fx - x) - c * (fy - y)) / area, (a * (fy - y) - b * (fx - x)) / area];
  const [cos, sin] = [Math.cos(inner), Math.sin(inner)];
  // None is 0, or renderers would paint nothing.
  const size = [width, height].map((one) => fine(Math.sign(one || 1) * Math.max(Math.abs(one), 10 ** -FINE)));
  const turn = fine((outer * 180) / Math.PI);
  return {
    cx: '0',
    cy: '0',
    r: '1',
    fx: number(u * cos - v * sin, 6),
    fy: number(u * sin + v * cos, 6),
    gradientTransform: `translate(${fine(x)} ${fine(y)}) rotate(${turn}) scale(${size.join(' ')})`,
  };
}

/**
 * A number that follows from a text: FNV-1a twice, from two beginnings.
 *
 * @param {string} text
 */
function digest(text) {
  const hashes = [0x811c9dc5, 0x1000193].map((start) => {
    let hash = start;
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
    }
    return hash;
  });
  return hashes[0] * 2 ** 20 + (hashes[1] >>> 12);
}

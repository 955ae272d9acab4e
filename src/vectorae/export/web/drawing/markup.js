/**
 * Outlines as SVG elements, as `vectorae.svg.markup` writes them: `<circle>`, `<ellipse>`, `<rect>`, and `<path>`.
 *
 * @typedef {import('../types.js').Point} Point
 * @typedef {import('../types.js').Box} Box
 * @typedef {import('../types.js').Curve} Curve
 */

/** Decimals of coordinates in pixels and of angles in degrees. */
export const DECIMALS = 2;

/** What SVG still strokes: around a shape of no size it draws nothing. */
const SMALLEST = 10 ** -DECIMALS;

/**
 * A number in its shortest form.
 *
 * @param {number} value
 * @param {number} decimals
 */
export function number(value, decimals = DECIMALS) {
  const text = value.toFixed(decimals);
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return short === '-0' || short === '' ? '0' : short;
}

/**
 * `#rrggbb` of one channel or three, in [0, 1].
 *
 * @param {number[]} color
 */
export function cssColor(color) {
  const channels = color.map((value) => Math.round(255 * Math.min(1, Math.max(0, value))));
  const three = channels.length === 1 ? [channels[0], channels[0], channels[0]] : channels;
  return `#${three.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/**
 * Text escaped for XML, without the characters that XML does not allow.
 *
 * @param {string} content
 */
export function escaped(content) {
  const printable = content.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return printable.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * Each contour of a curve alone.
 *
 * @param {Curve} curve
 * @returns {Curve[]}
 */
export function contoursOf(curve) {
  const sizes = curve.sizes.length ? curve.sizes : [curve.points.length];
  let end = 0;
  return sizes.map((size, index) => {
    end += size;
    const closed = Array.isArray(curve.closed) ? curve.closed[index] : curve.closed;
    return { ...curve, points: curve.points.slice(end - size, end), closed, sizes: [], fillRule: 'nonzero' };
  });
}

/** @param {Point} point */
const place = ([x, y]) => `${number(x)} ${number(y)}`;

/**
 * The attribute `d` of a path.
 *
 * Closed cubics whose round stroke is wider than they are half across are written as open ones that end where they
 * start: these look the same, but some renderers would take the inner side of a closed curve's stroke for a hole.
 *
 * @param {Curve} curve
 * @param {number | null} roundWidth Of a round stroke; else null.
 */
export function pathData(curve, roundWidth) {
  return contoursOf(curve).map((contour) => contourData(contour, roundWidth)).join(' ');
}

/**
 * @param {Curve} contour
 * @param {number | null} roundWidth
 */
function contourData(contour, roundWidth) {
  const [first, ...points] = contour.points;
  let closed = Boolean(contour.closed);
  if (contour.degree === 1) {
    // A dot is a line of no length, of which the caps are drawn.
    const lines = (points.length ? points : [first]).map((point) => `L ${place(point)}`);
    return `M ${place(first)} ${lines.join(' ')}${closed ? ' Z' : ''}`;
  }
  const words = (closed ? [...points, first] : points).map(place);
  if (closed && roundWidth !== null) {
    const extents = [0, 1].map((axis) => {
      const values = contour.points.map((point) => point[axis]);
      return Math.max(...values) - Math.min(...values);
    });
    closed = roundWidth < Math.max(...extents) / 2;
  }
  const steps = [];
  for (let index = 0; index < words.length; index += 3) steps.push(`C ${words.slice(index, index + 3).join(' ')}`);
  return `M ${place(first)} ${steps.join(' ')}${closed ? ' Z' : ''}`;
}

/**
 * A path as an element, without its paint.
 *
 * @param {Curve} curve
 * @param {number | null} roundWidth
 */
export function pathElement(curve, roundWidth) {
  const rule = curve.fillRule === 'nonzero' ? '' : ` fill-rule="${curve.fillRule}"`;
  return `<path d="${pathData(curve, roundWidth)}"${rule}/>`;
}

/**
 * A box as an element, without its paint.
 *
 * @param {Box} box
 * @param {number | null} strokeWidth Null if it is not stroked.
 * @param {number | null} roundWidth The same, of a round stroke.
 */
export function boxElement(box, strokeWidth, roundWidth) {
  const [x, y] = box.center;
  const [halfWidth, halfHeight] = extentsOf(box, strokeWidth);
  if (isSwollen(box, strokeWidth, roundWidth)) return `<path d="${pathData(boxAsCurve(box), roundWidth)}"/>`;
  const center = `cx="${number(x)}" cy="${number(y)}"`;
  if (isCircle(box, strokeWidth)) return `<circle ${center} r="${number(halfWidth)}"/>`;
  const turn = number(modulo((box.angle * 180) / Math.PI, 360));
  const rotation = turn === '0' ? '' : ` transform="rotate(${turn} ${number(x)} ${number(y)})"`;
  if (box.roundness === 1) {
    return `<ellipse ${center} rx="${number(halfWidth)}" ry="${number(halfHeight)}"${rotation}/>`;
  }
  const corner = `x="${number(x - halfWidth)}" y="${number(y - halfHeight)}"`;
  const size = `width="${number(2 * halfWidth)}" height="${number(2 * halfHeight)}"`;
  const [rx, ry] = [halfWidth * box.roundness, halfHeight * box.roundness];
  const radii = box.roundness > 0 ? ` rx="${number(rx)}" ry="${number(ry)}"` : '';
  return `<rect ${corner} ${size}${radii}${rotation}/>`;
}

/**
 * The angle by which a box's element is turned about its centre, radians: what it refers to is turned with it.
 *
 * @param {Box} box
 * @param {number | null} strokeWidth
 * @param {number | null} roundWidth
 */
export function turnOf(box, strokeWidth, roundWidth) {
  return isSwollen(box, strokeWidth, roundWidth) || isCircle(box, strokeWidth) ? 0 : box.angle;
}

/**
 * @param {Box} box
 * @param {number | null} strokeWidth
 * @returns {Point}
 */
function extentsOf(box, strokeWidth) {
  const least = strokeWidth === null ? 0 : SMALLEST;
  return [Math.max(box.halfExtents[0], least), Math.max(box.halfExtents[1], least)];
}

/**
 * Whether a round stroke is wider than the box, so that it is written as a path.
 *
 * @param {Box} box
 * @param {number | null} strokeWidth
 * @param {number | null} roundWidth
 */
function isSwollen(box, strokeWidth, roundWidth) {
  return box.roundness > 0 && roundWidth !== null && roundWidth > Math.max(...extentsOf(box, strokeWidth));
}

/**
 * @param {Box} box
 * @param {number | null} strokeWidth
 */
function isCircle(box, strokeWidth) {
  const [width, height] = extentsOf(box, strokeWidth);
  return box.roundness === 1 && Math.abs(width - height) <= 1e-6 * Math.max(width, height);
}

/**
 * The outline of a rounded box as joined cubics that end where they start.
 *
 * @param {Box} box
 * @returns {Curve}
 */
function boxAsCurve(box) {
  const [width, height] = extentsOf(box, 0);
  const around = rounded(width, height, box.roundness);
  const moved = around.map(([x, y]) => /** @type {Point} */ ([box.center[0] + x, box.center[1] + y]));
  const points = turned(moved, box.angle, box.center);
  return { points, closed: false, degree: 3, sizes: [], fillRule: 'nonzero' };
}

/**
 * A rounded box around the origin: four times a quarter ellipse and a straight side.
 *
 * @param {number} halfWidth
 * @param {number} halfHeight
 * @param {number} roundness
 */
function rounded(halfWidth, halfHeight, roundness) {
  const reach = 1 - roundness * (1 - (4 / 3) * Math.tan(Math.PI / 8));
  const flat = 1 - roundness;
  /** @type {Point[]} */
  const points = [[halfWidth, halfHeight * flat]];
  for (const [x, y] of [[1, 1], [-1, 1], [-1, -1], [1, -1]]) {
    // Clockwise on screen around the corner (x, y): every other corner begins at its top or bottom.
    const arc = x === y ? [[1, reach], [reach, 1], [flat, 1]] : [[reach, 1], [1, reach], [1, flat]];
    for (const [across, down] of arc) points.push([x * across * halfWidth, y * down * halfHeight]);
    const end = points[points.length - 1];
    const [nextX, nextY] = x === y ? [-x, y] : [x, -y];
    /** @type {Point} */
    const start = [nextX * Math.abs(end[0]), nextY * Math.abs(end[1])];
    points.push(end, start, start);
  }
  return points;
}

/**
 * Points turned about a centre, radians, clockwise.
 *
 * @param {Point[]} points
 * @param {number} angle
 * @param {Point} center
 * @returns {Point[]}
 */
export function turned(points, angle, [left, top]) {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  return points.map(([x, y]) => [
    left + cos * (x - left) - sin * (y - top),
    top + sin * (x - left) + cos * (y - top),
  ]);
}

/**
 * The remainder that is never negative.
 *
 * @param {number} value
 * @param {number} divisor
 */
function modulo(value, divisor) {
  return ((value % divisor) + divisor) % divisor;
}

/**
 * Shapes in words.
 *
 * @typedef {import('../types.js').Shape} Shape
 * @typedef {import('../types.js').Point} Point
 */
import { boundsOf } from '../drawing/document.js';
import { cssColor } from '../drawing/markup.js';

/** @param {string} kind */
export const kindName = (kind) => kind.replaceAll('_', ' ');

/**
 * `circle 5, red`
 *
 * @param {Shape} shape
 */
export function nameOf(shape) {
  return `${kindName(shape.kind)} ${shape.slot + 1}, ${cssColor(shape.color)}`;
}

/**
 * What the shapes of a drawing are together: `16 circles and squares`.
 *
 * @param {number} count
 * @param {string[]} kinds
 */
export function namesOf(count, kinds) {
  if (kinds.length > 4) return `${count} shapes`;
  const names = kinds.map((kind) => plural(kindName(kind), count));
  const last = names.pop();
  return `${count} ${names.length ? `${names.join(', ')} and ` : ''}${last}`;
}

/**
 * @param {string} name
 * @param {number} count
 */
function plural(name, count) {
  if (count === 1) return name;
  return name.endsWith('x') || name.endsWith('s') ? `${name}es` : `${name}s`;
}

/**
 * @param {Shape} shape
 * @returns {Point}
 */
export function middleOf(shape) {
  const [left, top, right, bottom] = boundsOf(shape);
  return shape.box ? shape.box.center : [(left + right) / 2, (top + bottom) / 2];
}

/**
 * The numbers of a shape by name; lengths as shares of the canvas.
 *
 * @param {Shape} shape
 * @param {number} side Of the canvas, pixels.
 * @param {Point} origin Of the coordinates.
 * @returns {[string, string, string?][]} Name, value, and the colour of a swatch.
 */
export function numbersOf(shape, side, origin) {
  /** @param {number} length */
  const share = (length) => ((100 * length) / side).toFixed(1);
  const [x, y] = middleOf(shape).map((place, axis) => share(place + origin[axis]));
  /** @type {[string, string, string?][]} */
  const rows = [
    ['kind', `${kindName(shape.kind)} ${shape.slot + 1}`],
    ['centre', `${x} %, ${y} %`],
  ];
  if (shape.box) {
    const [width, height] = shape.box.halfExtents.map((half) => share(2 * half));
    rows.push(['size', width === height ? `${width} %` : `${width} × ${height} %`]);
    if (shape.box.roundness < 1 || width !== height) rows.push(['angle', `${degrees(shape.box.angle)}°`]);
    if (shape.box.roundness > 0 && shape.box.roundness < 1) {
      rows.push(['roundness', shape.box.roundness.toFixed(2)]);
    }
  } else rows.push(['points', String(shape.curve?.points.length)]);
  if (shape.strokeWidth !== null) rows.push(['stroke', `${share(shape.strokeWidth)} % wide`]);
  for (const [name, color] of coloursOf(shape)) rows.push([name, color, color]);
  rows.push(['opacity', `${Math.round(100 * shape.opacity)} %`]);
  return rows;
}

/**
 * @param {Shape} shape
 * @returns {[string, string][]}
 */
function coloursOf(shape) {
  /** @type {[string, import('../types.js').Gradient | null, number[]][]} */
  const paints = [['colour', shape.gradient, shape.color]];
  if (shape.strokeColor) paints.push(['stroke colour', shape.strokeGradient, shape.strokeColor]);
  return paints.flatMap(([name, gradient, color]) => {
    const colors = gradient ? gradient.stops.map((stop) => stop.color) : [color];
    return colors.map((one, index) => {
      const label = colors.length > 1 ? `${name} ${index + 1}` : name;
      return /** @type {[string, string]} */ ([label, cssColor(one)]);
    });
  });
}

/** @param {number} angle */
function degrees(angle) {
  const turn = (((angle * 180) / Math.PI) % 360 + 540) % 360 - 180;
  return turn.toFixed(0).replace(/^-0$/, '0');
}

/**
 * Write rows of numbers into a description list.
 *
 * @param {HTMLElement} list
 * @param {[string, string, string?][]} rows
 */
export function writeNumbers(list, rows) {
  list.replaceChildren(
    ...rows.flatMap(([name, value, color]) => {
      const [term, description] = [document.createElement('dt'), document.createElement('dd')];
      term.textContent = name;
      description.textContent = value;
      if (color) description.prepend(swatch(color));
      return [term, description];
    }),
  );
}

/** @param {string} color */
function swatch(color) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.classList.add('swatch');
  svg.setAttribute('aria-hidden', 'true');
  svg.innerHTML = `<rect width="100%" height="100%" fill="${color}"/>`;
  return svg;
}

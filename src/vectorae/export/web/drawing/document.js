/**
 * Shapes as an SVG document, by the rules of `vectorae.svg.document`.
 *
 * @typedef {import('../types.js').Shape} Shape
 * @typedef {import('../types.js').Ends} Ends
 * @typedef {import('../types.js').Frame} Frame
 *
 * @typedef {object} Element An element without the attributes that a group could have for it, and these.
 * @property {string} bare
 * @property {Record<string, string>} attributes
 */
import { Definitions, turnedGradient } from './gradients.js';
import { boxElement, contoursOf, cssColor, escaped, number, pathElement, turnOf } from './markup.js';

/** Decimals of the size of the view box. */
const VIEW_DECIMALS = 4;

/** The class of groups whose elements are blended by *screen*, as ink that adds up like light. */
const SCREENED = 'screened';

/** From how many elements on a group is written for the attributes that they share. */
const WORTHWHILE = 3;

/**
 * An SVG document.
 *
 * @param {Shape[]} shapes From the bottom to the top; coordinates begin at the frame's corner.
 * @param {number[] | null} background One channel or three; null is transparent.
 * @param {Frame} frame
 * @param {{title?: string, screen?: boolean, keepHidden?: boolean}} options `keepHidden`: with shapes beyond the frame.
 */
export function svgDocument(shapes, background, frame, { title, screen = false, keepHidden = false } = {}) {
  const { part } = frame;
  const isStretched = !isClose(frame.width * part.height, frame.height * part.width);
  const style = screen ? ' style="isolation:isolate"' : '';
  const aspect = isStretched ? ' preserveAspectRatio="none"' : '';
  const [width, height] = [part.width, part.height].map((side) => number(side, VIEW_DECIMALS));
  const shown = `width="${Math.round(frame.width)}" height="${Math.round(frame.height)}"`;
  const view = `viewBox="0 0 ${width} ${height}"`;
  const lines = [`<svg xmlns="http://www.w3.org/2000/svg" ${shown} ${view}${aspect}${style}>`];
  if (title !== undefined) lines.push(`<title>${escaped(title)}</title>`);
  const seen = keepHidden ? shapes : shapes.filter((shape) => reachesInto(shape, part.width, part.height));
  const definitions = new Definitions();
  const painted = grouped(seen.flatMap((shape) => elementsOf(shape, definitions, screen)));
  if (painted.some((line) => line.includes(SCREENED))) {
    lines.push(`<style>.${SCREENED}>*{mix-blend-mode:screen}</style>`);
  }
  lines.push(...definitions.lines);
  if (background !== null) lines.push(`<rect width="${width}" height="${height}" fill="${cssColor(background)}"/>`);
  return `${[...lines, ...painted, '</svg>'].join('\n')}\n`;
}

/**
 * The elements of a shape alone, with all their attributes, as one text.
 *
 * @param {Shape} shape
 * @param {Definitions} definitions
 * @param {boolean} screen Whether fill and stroke are blended each for itself; that they are is up to the style sheet.
 */
export function shapeMarkup(shape, definitions, screen) {
  return partsOf(shape, screen).map((part) => whole(elementOf(part, definitions))).join('');
}

/**
 * The outline of a shape, not its paint.
 *
 * @param {Shape} shape
 */
export function outlineMarkup(shape) {
  return shape.box ? boxElement(shape.box, 1, null) : pathElement(/** @type {any} */ (shape.curve), null);
}

/**
 * Whether a shape reaches into a frame.
 *
 * @param {Shape} shape
 * @param {number} width
 * @param {number} height
 */
function reachesInto(shape, width, height) {
  const [left, top, right, bottom] = boundsOf(shape);
  return !(right < 0 || bottom < 0 || left > width || top > height);
}

/**
 * Left, top, right and bottom that a shape does not exceed.
 *
 * @param {Shape} shape
 */
export function boundsOf({ box, curve, strokeWidth, ends }) {
  const miter = ends.join === 'miter' ? ends.miterLimit : 0;
  const reach = strokeWidth === null ? 0 : (strokeWidth / 2) * Math.max(1.5, miter);
  if (box) {
    const [x, y] = box.center;
    const diagonal = Math.hypot(...box.halfExtents);
    const [across, down] = box.angle ? [diagonal, diagonal] : box.halfExtents;
    return [x - across - reach, y - down - reach, x + across + reach, y + down + reach];
  }
  const { points } = /** @type {import('../types.js').Curve} */ (curve);
  const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
  return [Math.min(...xs) - reach, Math.min(...ys) - reach, Math.max(...xs) + reach, Math.max(...ys) + reach];
}

/**
 * @param {Shape} shape
 * @param {Definitions} definitions
 * @param {boolean} screen
 * @returns {Element[]}
 */
function elementsOf(shape, definitions, screen) {
  return partsOf(shape, screen).map((part) => {
    const made = elementOf(part, definitions);
    return screen ? { ...made, attributes: { ...made.attributes, style: 'mix-blend-mode:screen' } } : made;
  });
}

/**
 * The shapes that are painted for themselves, from the bottom to the top; by *screen*, fill and stroke are.
 *
 * @param {Shape} shape
 * @param {boolean} screen
 * @returns {Shape[]}
 */
function partsOf(shape, screen) {
  if (screen && shape.strokeColor !== null) {
    const fill = { ...shape, strokeWidth: null, strokeColor: null, strokeGradient: null };
    const ink = { color: shape.strokeColor, gradient: shape.strokeGradient };
    const stroke = { ...shape, ...ink, strokeColor: null, strokeGradient: null };
    return shape.strokeBelow ? [stroke, fill] : [fill, stroke];
  }
  const { contourOpacity, curve } = shape;
  if (contourOpacity === null || curve === null) return [shape];
  return contoursOf(curve).map((contour, index) => ({
    ...shape,
    curve: contour,
    opacity: shape.opacity * contourOpacity[index],
    contourOpacity: null,
  }));
}

/**
 * @param {Shape} shape
 * @param {Definitions} definitions
 * @returns {Element}
 */
function elementOf(shape, definitions) {
  const { box, strokeWidth, ends } = shape;
  // Closed curves are opened for round strokes alone.
  const isRound = ends.cap === 'round' && ends.join === 'round' && !ends.dashes.length;
  const roundWidth = isRound ? strokeWidth : null;
  const angle = box ? -turnOf(box, strokeWidth, roundWidth) : 0;
  const [own, ofStroke] = [shape.gradient, shape.strokeGradient].map((one) =>
    box ? turnedGradient(one, angle, box.center) : one,
  );
  const isFilled = strokeWidth === null || shape.strokeColor !== null;
  /** @type {Record<string, string>} */
  const words = isFilled ? ink('fill', shape.color, own, shape.opacity, definitions) : { fill: 'none' };
  if (strokeWidth !== null) {
    const isOwn = shape.strokeColor === null;
    const color = isOwn ? shape.color : /** @type {number[]} */ (shape.strokeColor);
    Object.assign(words, ink('stroke', color, isOwn ? own : ofStroke, shape.opacity, definitions));
    Object.assign(words, { 'stroke-width': number(strokeWidth) }, endsAttributes(ends));
    if (!isOwn && shape.strokeBelow) words['paint-order'] = 'stroke';
  }
  const bare = box
    ? boxElement(box, strokeWidth, roundWidth)
    : pathElement(/** @type {import('../types.js').Curve} */ (shape.curve), roundWidth);
  return { bare, attributes: words };
}

/**
 * The attributes of a fill or a stroke.
 *
 * @param {string} name
 * @param {number[]} color
 * @param {import('../types.js').Gradient | null} gradient
 * @param {number} opacity
 * @param {Definitions} definitions
 * @returns {Record<string, string>}
 */
function ink(name, color, gradient, opacity, definitions) {
  const [value, share] = definitions.paint(color, gradient);
  const seen = number(opacity * share, 3);
  return seen === '1' ? { [name]: value } : { [name]: value, [`${name}-opacity`]: seen };
}

/**
 * The attributes of a stroke's ends and corners, but for those that SVG has by default.
 *
 * @param {Ends} ends
 */
function endsAttributes(ends) {
  /** @type {Record<string, string>} */
  const words = {};
  if (ends.cap !== 'butt') words['stroke-linecap'] = ends.cap;
  if (ends.join !== 'miter') words['stroke-linejoin'] = ends.join;
  if (ends.join === 'miter' && ends.miterLimit !== 4) words['stroke-miterlimit'] = number(ends.miterLimit, 4);
  if (ends.dashes.length) words['stroke-dasharray'] = ends.dashes.map((length) => number(length, 4)).join(' ');
  if (ends.dashes.length && ends.dashOffset) words['stroke-dashoffset'] = number(ends.dashOffset, 4);
  return words;
}

/**
 * Elements as lines, those that follow each other with the same attributes in a group that has what they share.
 *
 * @param {Element[]} elements
 */
function grouped(elements) {
  /** @type {Element[][]} */
  const runs = [];
  for (const element of elements) {
    const last = runs[runs.length - 1];
    const names = Object.keys(element.attributes).join();
    if (last && Object.keys(last[0].attributes).join() === names) last.push(element);
    else runs.push([element]);
  }
  return runs.flatMap((run) => {
    const shared = sharedBy(run);
    const inner = run.map((element) => whole(element, shared));
    if (!Object.keys(shared).length) return inner;
    const { style, ...own } = shared;
    return [`<g${words(style === undefined ? own : { class: SCREENED, ...own })}>`, ...inner, '</g>'];
  });
}

/**
 * The attributes that all elements have alike, if it is worth a group.
 *
 * @param {Element[]} elements
 * @returns {Record<string, string>}
 */
function sharedBy(elements) {
  if (elements.length < WORTHWHILE) return {};
  const alike = Object.entries(elements[0].attributes).filter(([name, value]) =>
    elements.every((element) => element.attributes[name] === value),
  );
  return Object.fromEntries(alike);
}

/**
 * An element with the attributes that its group does not have.
 *
 * @param {Element} element
 * @param {Record<string, string>} shared
 */
function whole({ bare, attributes }, shared = {}) {
  const own = Object.entries(attributes).filter(([name]) => !(name in shared));
  return `${bare.replace(/\/>$/, '')}${words(Object.fromEntries(own))}/>`;
}

/** @param {Record<string, string>} attributes */
function words(attributes) {
  return Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`).join('');
}

/**
 * @param {number} a
 * @param {number} b
 */
function isClose(a, b) {
  return Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b));
}

/**
 * The outputs of the network as shapes, as `draw.py` makes them, and shapes on their way from one place to another.
 *
 * @typedef {import('../types.js').Shape} Shape
 * @typedef {import('../types.js').Scene} Scene
 * @typedef {import('../types.js').Group} Group
 * @typedef {import('../types.js').Outputs} Outputs
 * @typedef {import('../types.js').Point} Point
 * @typedef {import('../types.js').Gradient} Gradient
 */

/** Of the way from the centre of a radial gradient to its end: `vectorae.geometry.gradient_limits`. */
const FARTHEST_FOCUS = 0.999;

/**
 * The shapes of one image from the bottom to the top, in pixels.
 *
 * @param {Outputs} outputs
 * @param {Scene} scene
 * @param {number} side Of the drawing, pixels.
 * @param {Point} origin What becomes (0, 0), pixels.
 * @returns {Shape[]}
 */
export function shapesOf(outputs, scene, side, origin) {
  const shapes = scene.groups.flatMap((group) =>
    group.slots.map((slot, member) => shapeOf(outputs, group, slot, member, side, origin)),
  );
  shapes.sort((one, other) => one.slot - other.slot);
  const depth = outputs.depth?.data;
  // Equal depths stay in the order of their slots: sorting is stable.
  return depth ? shapes.sort((one, other) => depth[one.slot] - depth[other.slot]) : shapes;
}

/**
 * @param {Outputs} outputs
 * @param {Group} group
 * @param {number} slot
 * @param {number} member Which of the group's shapes.
 * @param {number} side
 * @param {Point} origin
 * @returns {Shape}
 */
function shapeOf(outputs, group, slot, member, side, origin) {
  /** @param {string} name */
  const own = (name) => rowOf(outputs, `${group.kind}.${name}`, member);
  /** @param {string} name */
  const painted = (name) => (group.painted.includes(name) ? own(name) : null);
  const { cap, join, miter_limit: miterLimit, dashes, dash_offset: dashOffset } = group.ends;
  const width = painted('stroke_width');
  return {
    slot,
    kind: group.kind,
    box: group.outline === 'box' ? boxOf(own, group, side, origin) : null,
    curve: group.outline === 'box' ? null : curveOf(own('points'), group, side, origin),
    color: rowOf(outputs, 'color', slot),
    opacity: rowOf(outputs, 'opacity', slot)[0],
    strokeWidth: width ? width[0] * side : null,
    strokeColor: painted('stroke_color'),
    strokeBelow: group.stroke_below,
    contourOpacity: painted('contour_opacity'),
    ends: { cap, join, miterLimit, dashes: dashes.map((one) => one * side), dashOffset: dashOffset * side },
    gradient: gradientOf(own, group, 'gradient', side, origin),
    strokeGradient: gradientOf(own, group, 'stroke_gradient', side, origin),
  };
}

/**
 * One row of an output; of an output of numbers, one number.
 *
 * @param {Outputs} outputs
 * @param {string} name
 * @param {number} index
 * @returns {number[]}
 */
function rowOf(outputs, name, index) {
  const { data, shape } = outputs[name];
  const size = shape.slice(1).reduce((product, length) => product * length, 1);
  return Array.from(data.subarray(index * size, (index + 1) * size));
}

/**
 * @param {(name: string) => number[]} own
 * @param {Group} group
 * @param {number} side
 * @param {Point} origin
 */
function boxOf(own, group, side, origin) {
  const [width, height] = own('size');
  const [roundness] = own('roundness');
  const isDiscrete = group.roundness === 'nearest of 0 and 1';
  return {
    center: pointsOf(own('center'), side, origin)[0],
    halfExtents: /** @type {Point} */ ([(width / 2) * side, (height / 2) * side]),
    angle: own('angle')[0],
    roundness: isDiscrete ? Number(roundness >= 0.5) : roundness,
  };
}

/**
 * @param {number[]} points
 * @param {Group} group
 * @param {number} side
 * @param {Point} origin
 */
function curveOf(points, group, side, origin) {
  const { closed = false, degree = 1, sizes = [], fill_rule: fillRule = 'nonzero' } = group;
  return { points: pointsOf(points, side, origin), closed, degree, sizes, fillRule };
}

/**
 * @param {number[]} flat x, y, x, y … in canvas units.
 * @param {number} side
 * @param {Point} origin
 * @returns {Point[]}
 */
function pointsOf(flat, side, [left, top]) {
  /** @type {Point[]} */
  const points = [];
  for (let index = 0; index < flat.length; index += 2) {
    points.push([flat[index] * side - left, flat[index + 1] * side - top]);
  }
  return points;
}

/**
 * @param {(name: string) => number[]} own
 * @param {Group} group
 * @param {'gradient' | 'stroke_gradient'} name
 * @param {number} side
 * @param {Point} origin
 * @returns {Gradient | null}
 */
function gradientOf(own, group, name, side, origin) {
  const described = group[name];
  if (!described) return null;
  /** @param {string} part */
  const output = (part) => own(`${name}.${part}`);
  let places = [];
  if (described.kind === 'linear') places = [...output('start'), ...output('end')];
  else {
    const [[x, y], [ax, ay, bx, by], [u, v]] = [output('center'), output('axes'), output('focus')];
    const inner = Math.min(1, FARTHEST_FOCUS / Math.max(Math.hypot(u, v), 1e-30));
    const [across, down] = [u * inner, v * inner];
    places = [x, y, x + ax, y + ay, x + bx, y + by, x + across * ax + down * bx, y + across * ay + down * by];
  }
  const [offsets, colors, opacities] = [output('offsets'), output('colors'), output('opacities')];
  const channels = colors.length / offsets.length;
  const stops = offsets.map((offset, index) => ({
    offset,
    color: colors.slice(index * channels, (index + 1) * channels),
    opacity: opacities[index],
  }));
  return { points: pointsOf(places, side, origin), stops, spread: described.spread };
}

/**
 * The outputs that all drawings start from.
 *
 * @param {Scene} scene
 * @returns {Outputs}
 */
export function startOutputs(scene) {
  const shapes = new Map(scene.outputs.map(({ name, shape }) => [name, shape.slice(1).map(Number)]));
  const entries = Object.entries(scene.start).map(([name, values]) => {
    const output = { data: Float32Array.from(values), shape: shapes.get(name) ?? [values.length] };
    return /** @type {[string, import('../types.js').Output]} */ ([name, output]);
  });
  return Object.fromEntries(entries);
}

/**
 * What lies between two things of the same form: every number in them is a share of the way from one to the other.
 *
 * @template T
 * @param {T} from
 * @param {T} to
 * @param {number} share In [0, 1].
 * @returns {T}
 */
export function between(from, to, share) {
  if (share >= 1) return to;
  if (typeof from === 'number' && typeof to === 'number') return /** @type {any} */ (from + (to - from) * share);
  if (Array.isArray(from) && Array.isArray(to)) {
    return /** @type {any} */ (to.map((value, index) => between(from[index], value, share)));
  }
  if (from && to && typeof from === 'object' && typeof to === 'object') {
    const entries = Object.entries(to).map(([key, value]) => [
      key,
      between(/** @type {Record<string, unknown>} */ (from)[key], value, share),
    ]);
    return Object.fromEntries(entries);
  }
  return to;
}

/** How much later than the first shape the last one leaves, as a share of the way of one. */
const DELAY = 0.5;

/**
 * Shapes on their way, each by its own path, in the order of where they go to.
 *
 * @param {Shape[]} from
 * @param {Shape[]} to The same shapes, maybe in another order.
 * @param {number} time 0 is the beginning, 1 the end.
 * @param {number} [delay] How much later the last one leaves.
 * @returns {Shape[]}
 */
export function travelling(from, to, time, delay = DELAY) {
  const starts = new Map(from.map((shape) => [shape.slot, shape]));
  return to.map((shape, index) => {
    const late = (delay * index) / Math.max(1, to.length - 1);
    const share = Math.min(1, Math.max(0, time * (1 + delay) - late));
    const moved = between(starts.get(shape.slot) ?? shape, shape, eased(share));
    return { ...moved, slot: shape.slot };
  });
}

/**
 * Slowly at first and at last.
 *
 * @param {number} share
 */
function eased(share) {
  return share * share * (3 - 2 * share);
}

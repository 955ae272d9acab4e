/** SVG is written as the package writes it, and shapes travel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { svgDocument } from '../../src/vectorae/export/web/drawing/document.js';
import { cssColor, escaped, number } from '../../src/vectorae/export/web/drawing/markup.js';
import { travelling } from '../../src/vectorae/export/web/drawing/shapes.js';

const ends = { cap: 'round', join: 'round', miterLimit: 4, dashes: [], dashOffset: 0 };
const plain = { strokeWidth: null, strokeColor: null, strokeBelow: false, contourOpacity: null, ends };
const circle = {
  ...plain, slot: 0, kind: 'circle', curve: null, color: [1, 0, 0], opacity: 0.5, gradient: null, strokeGradient: null,
  box: { center: [4, 4], halfExtents: [2, 2], angle: 0, roundness: 1 },
};
const square = { ...circle, slot: 1, kind: 'square', box: { ...circle.box, roundness: 0, angle: Math.PI / 2 } };
const frame = { part: { left: 0, top: 0, width: 8, height: 8 }, width: 16, height: 16 };

test('numbers and colours are as short as they can be', () => {
  assert.deepEqual([1.5, 2, -0.001, 100, 0.126].map((value) => number(value)), ['1.5', '2', '0', '100', '0.13']);
  assert.deepEqual([cssColor([0.5]), cssColor([2, -1, 0.2])], ['#808080', '#ff0033']);
  assert.equal(escaped('a <b> & \u0001'), 'a &lt;b&gt; &amp; \ufffd');
});

test('a document has what its shapes share on a group, and leaves out what is beyond its frame', () => {
  const away = { ...circle, slot: 3, box: { ...circle.box, center: [40, 4] } };
  const lines = svgDocument([circle, square, { ...circle, slot: 2 }, away], [1], frame, { title: 'a' }).split('\n');
  assert.deepEqual(lines, [
    '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 8 8">',
    '<title>a</title>',
    '<rect width="8" height="8" fill="#ffffff"/>',
    '<g fill="#ff0000" fill-opacity="0.5">',
    '<circle cx="4" cy="4" r="2"/>',
    '<rect x="2" y="2" width="4" height="4" transform="rotate(90 4 4)"/>',
    '<circle cx="4" cy="4" r="2"/>',
    '</g>',
    '</svg>',
    '',
  ]);
});

test('ink is blended by screen', () => {
  const text = svgDocument([circle], null, frame, { screen: true });
  assert.match(text, /isolation:isolate/);
  assert.match(text, /style="mix-blend-mode:screen"/);
});

test('gradients are defined once, and one without length is its last stop', () => {
  const stops = [{ offset: 0, color: [0], opacity: 1 }, { offset: 1, color: [1], opacity: 0.5 }];
  const gradient = { points: [[0, 0], [8, 0]], stops, spread: 'pad' };
  const text = svgDocument([circle, circle].map((one) => ({ ...one, gradient })), null, frame);
  assert.equal(text.match(/<linearGradient/g)?.length, 1);
  assert.equal(text.match(/fill="url\(#gradient-\d+\)"/g)?.length, 2);
  const flat = { ...gradient, points: [[1, 1], [1, 1]] };
  assert.match(svgDocument([{ ...circle, gradient: flat }], null, frame), /fill="#ffffff" fill-opacity="0.25"/);
});

test('shapes travel from where they start, in the order of where they go', () => {
  const far = { ...circle, box: { ...circle.box, center: [0, 8] } };
  const shapes = (time) => travelling([far, square], [square, circle], time);
  assert.deepEqual(shapes(0).map((one) => one.box.center), [[4, 4], [0, 8]]);
  assert.deepEqual(shapes(1), [square, circle]);
  const [x, y] = shapes(0.7)[1].box.center;
  assert.ok(x > 0 && x < 4 && Math.abs(x + y - 8) < 1e-9);
});

/** Images become what Pillow makes of them; the numbers here are Pillow's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inverted, plain } from '../../src/vectorae/export/web/image/plain.js';
import { psnr } from '../../src/vectorae/export/web/image/quality.js';
import { drafted, resized } from '../../src/vectorae/export/web/image/resize.js';
import { frameOf, squareOf } from '../../src/vectorae/export/web/image/view.js';

const image = { data: Uint8Array.from([0, 10, 200, 255, 30, 5, 90, 60, 17, 255]), width: 5, height: 2, channels: 1 };

for (const [box, width, height, expected] of [
  [[0, 0, 5, 2], 3, 2, [4, 170, 126, 41, 57, 153]],
  [[0.3, 0.25, 4.6, 1.75], 2, 3, [53, 177, 56, 134, 58, 91]],
  [[0.5, 0, 4.5, 2], 7, 2, [3, 9, 91, 200, 231, 223, 94, 29, 78, 77, 60, 35, 51, 187]],
]) {
  test(`part ${box} as ${width} × ${height}`, () => {
    assert.deepEqual([...resized(image, box, width, height).data], expected);
  });
}

test('JPEGs are reduced to no less than is needed', () => {
  const large = { data: new Uint8Array(100 * 60).fill(9), width: 100, height: 60, channels: 1 };
  assert.deepEqual([0.1, 0.2, 0.3, 0.5].map((needed) => drafted(large, needed).width), [13, 25, 50, 100]);
  assert.ok(drafted(large, 0.1).data.every((value) => value === 9));
});

test('transparency is laid over white, or multiplied with', () => {
  const pixels = { data: Uint8Array.from([200, 100, 50, 128, 10, 20, 30, 255]), width: 2, height: 1, channels: 4 };
  const found = [3, 1, 4, 2].map((channels) => [...plain(pixels, channels).data]);
  assert.deepEqual(found, [
    [227, 177, 152, 10, 20, 30],
    [189, 18],
    [100, 50, 25, 128, 10, 20, 30, 255],
    [62, 128, 18, 255],
  ]);
  assert.deepEqual([...inverted(plain(pixels, 3)).data], [28, 78, 103, 245, 235, 225]);
  assert.deepEqual([...inverted(plain(pixels, 2)).data], [66, 128, 237, 255]);
});

test('an image that is not square lies between bars, and its drawing is as wide and high as it', () => {
  const square = squareOf(image, 5, 'pad', 'black');
  assert.deepEqual([square.width, square.height], [5, 5]);
  assert.deepEqual([...square.data.subarray(0, 5)], [0, 0, 0, 0, 0]);
  assert.deepEqual([...squareOf(image, 5, 'pad', 'edge').data.subarray(0, 5)], [0, 10, 200, 255, 30]);
  const { part, width, height } = frameOf(300, 200, 16, 'pad');
  assert.deepEqual([width, height, part.left, part.width], [300, 200, 0, 16]);
  assert.ok(Math.abs(part.height - 32 / 3) < 1e-9);
  assert.deepEqual(frameOf(300, 200, 16, 'crop').width, 200);
});

test('PSNR counts the part alone that shows the image', () => {
  const other = { ...image, data: image.data.map((value, place) => (place < 5 ? value : 255 - value)) };
  assert.equal(psnr(image, other, { left: 0, top: 0, width: 5, height: 1 }), Infinity);
  assert.ok(psnr(image, other, { left: 0, top: 0, width: 5, height: 2 }) < 10);
});

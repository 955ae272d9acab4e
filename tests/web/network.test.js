/** Which network draws, and that of many images in a row only the last one waits. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Network } from '../../src/vectorae/export/web/network/client.js';
import { Superseded } from '../../src/vectorae/export/web/network/lane.js';

/** Workers that take as long as they are told to, by the beginning of their names; and what they were asked. */
function workers(milliseconds) {
  const made = [];
  const make = (name) => {
    const worker = { name, asked: [], ended: false };
    worker.postMessage = (task) => worker.asked.push(task);
    worker.terminate = () => (worker.ended = true);
    made.push(worker);
    const [, time] = Object.entries(milliseconds).find(([beginning]) => name.startsWith(beginning)) ?? [];
    const data = time === undefined ? { failure: 'no' } : { ready: true, scene: {}, milliseconds: time };
    setTimeout(() => worker.onmessage({ data }));
    return worker;
  };
  return { made, make };
}

const later = () => new Promise((resolve) => setTimeout(resolve, 20));

test('a graphics processor is tried where an image takes long, and taken if it is faster', async () => {
  for (const [times, expected] of [
    [{ wasm: 10, webgpu: 1 }, ['wasm a']],
    [{ wasm: 90, webgpu: 20 }, ['webgpu a']],
    [{ wasm: 90, webgpu: 200 }, ['wasm a']],
    [{ wasm: 90 }, ['wasm a']],
  ]) {
    const { made, make } = workers(times);
    const network = new Network(['a'], () => {}, make, true);
    await network.ready;
    await later();
    assert.deepEqual(made.filter((one) => !one.ended).map((one) => one.name), expected);
  }
});

test('the encoder draws at once, and what comes in a row; corrections draw as soon as they are there', async () => {
  const { made, make } = workers({ wasm: 90 });
  let isBetter = false;
  const network = new Network(['first', 'whole'], () => (isBetter = true), make, true);
  await network.ready;
  void network.draw({ image: 1 }, false);
  await later();
  assert.ok(isBetter && network.isComplete);
  void network.draw({ image: 2 }, false);
  void network.draw({ image: 3 }, true);
  made[0].onmessage({ data: { id: 1, reply: {} } });
  assert.deepEqual(made.map((one) => one.asked.map((task) => task.image)), [[1, 3], [2]]);
});

test('of images that come while one is drawn the last alone waits', async () => {
  const { made, make } = workers({ wasm: 1 });
  const network = new Network(['a'], () => {}, make, false);
  await network.ready;
  const drawn = [1, 2, 3].map((image) => network.draw({ image }, true).catch((error) => error));
  made[0].onmessage({ data: { id: 1, reply: 'one' } });
  made[0].onmessage({ data: { id: 2, refusal: 'no image' } });
  const [first, second, third] = await Promise.all(drawn);
  assert.equal(first, 'one');
  assert.ok(second instanceof Superseded);
  assert.equal(third.message, 'no image');
});

test('a network that cannot be loaded is said', async () => {
  const network = new Network(['a'], () => {}, workers({}).make, false);
  await assert.rejects(network.ready, /no/);
});

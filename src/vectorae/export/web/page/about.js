/**
 * What this network draws, and with what.
 *
 * @typedef {import('../types.js').Scene} Scene
 */
import { namesOf } from './inspector.js';
import { BACKGROUND } from './stage.js';

/**
 * One line for the head of the page.
 *
 * @param {Scene} scene
 */
export function leadOf(scene) {
  const count = scene.groups.reduce((sum, group) => sum + group.slots.length, 0);
  return `A neural network looks at your picture and draws it with ${namesOf(count, scene.groups.map(({ kind }) => kind))}.`;
}

/**
 * Whether the encoder draws alone, and what that costs.
 *
 * @param {Scene} scene
 */
export function aboutScene({ network, left_out: leftOut, made_by: maker }) {
  const [, steps, , hypotheses] = /(\d+) learned corrections( of each of (\d+) hypotheses)?/.exec(network) ?? [];
  const several = hypotheses ? `, the best of ${hypotheses} hypotheses` : '';
  const drawn = steps
    ? `Drawn by the encoder with ${steps} learned corrections${several}.`
    : 'Drawn by the encoder alone, which looks once.';
  const own = leftOut?.psnr_export_crisp ?? leftOut?.psnr_encoder_crisp;
  const lost = leftOut
    ? ` On images that it was not trained on this reaches ${own?.toFixed(1)} dB; the whole model, which corrects what it drew, ${leftOut.psnr_crisp.toFixed(1)} dB.`
    : '';
  return `${drawn}${lost} Made by ${maker}.`;
}

/**
 * A box to tick for each kind of shape, and for the background.
 *
 * @param {Scene} scene
 * @param {(layer: string, isHidden: boolean) => void} onHide
 */
export function showLayers(scene, onHide) {
  const layers = scene.groups.map(({ kind, slots }) => [kind, namesOf(slots.length, [kind])]);
  if (scene.start.background) layers.unshift([BACKGROUND, BACKGROUND]);
  const labels = layers.map(([layer, name]) => {
    const [label, tick] = [document.createElement('label'), document.createElement('input')];
    label.className = 'check';
    Object.assign(tick, { type: 'checkbox', checked: true, name: layer });
    tick.addEventListener('change', () => onHide(layer, !tick.checked));
    label.append(tick, ` ${name}`);
    return label;
  });
  document.getElementById('layers')?.append(...labels);
}

/** The elements of the page by their ids. */

/**
 * @template {Element} T
 * @param {string} id
 * @param {{new (): T}} type
 * @returns {T}
 */
export function element(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} '${id}'`);
  return found;
}

/** @param {string} id */
export const button = (id) => element(id, HTMLButtonElement);

/** @param {string} id */
export const input = (id) => element(id, HTMLInputElement);

/** @param {string} id */
export const box = (id) => element(id, HTMLElement);

/** Whether a person wants things to move as little as they can. */
export const isCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

/**
 * The drawing on the page: shapes that travel, can be pointed at, chosen with the keyboard, and hidden by layers.
 *
 * @typedef {import('../types.js').Shape} Shape
 * @typedef {import('../types.js').Frame} Frame
 *
 * @typedef {object} Drawing
 * @property {Shape[]} shapes From the bottom to the top.
 * @property {Shape[]} start The same shapes where they start.
 * @property {number[] | null} background
 * @property {number[] | null} startBackground
 * @property {Frame} frame
 * @property {boolean} screen Whether inks add up like light.
 */
import { outlineMarkup, shapeMarkup, svgDocument } from '../drawing/document.js';
import { Definitions } from '../drawing/gradients.js';
import { cssColor, number } from '../drawing/markup.js';
import { between, travelling } from '../drawing/shapes.js';
import { middleOf, nameOf } from './inspector.js';
import { isCalm } from './elements.js';

const SVG = 'http://www.w3.org/2000/svg';

/** The layer of the background, which is no kind. */
export const BACKGROUND = 'background';

/** Milliseconds from one drawing to the next. */
const CHANGE = 450;

export class Stage {
  /** @type {Drawing | null} */
  #drawing = null;
  /** @type {Shape[]} */
  #shown = [];
  /** @type {Map<number, SVGGElement>} */
  #groups = new Map();
  #time = 1;
  #frameRequest = 0;
  /** @type {number | null} */
  #chosen = null;
  /** @type {number | null} */
  #pointed = null;

  /**
   * @param {HTMLElement} pane
   * @param {(shape: Shape | null) => void} onSelect Called when another shape is looked at.
   */
  constructor(pane, onSelect) {
    this.onSelect = onSelect;
    /** @type {Set<string>} */
    this.hidden = new Set();
    this.svg = document.createElementNS(SVG, 'svg');
    this.svg.classList.add('stage');
    this.svg.setAttribute('role', 'listbox');
    /** @param {string} name */
    const appended = (name) => this.svg.appendChild(document.createElementNS(SVG, name));
    this.definitions = appended('defs');
    this.ground = appended('rect');
    this.painted = appended('g');
    this.highlight = appended('g');
    this.painted.setAttribute('role', 'presentation');
    this.highlight.classList.add('highlight');
    for (const one of [this.definitions, this.ground, this.highlight]) one.setAttribute('aria-hidden', 'true');
    pane.append(this.svg);
    this.svg.addEventListener('pointerover', (event) => this.#point(slotOf(event.target)));
    this.svg.addEventListener('pointerleave', () => this.#point(null));
    this.svg.addEventListener('click', (event) => this.choose(slotOf(event.target), true));
    // Not of the SVG: Chromium takes what listens for focus into the order of Tab.
    pane.addEventListener('focusin', (event) => this.choose(slotOf(event.target)));
    this.svg.addEventListener('keydown', (event) => this.#press(event));
  }

  /**
   * Show another drawing at its end; the shapes go there from where they are, unless it is one of many in a row.
   *
   * @param {Drawing} drawing
   * @param {boolean} isLive
   */
  show(drawing, isLive) {
    const before = this.#shown.length ? this.#shown : drawing.start;
    this.#drawing = drawing;
    this.#time = 1;
    const { part, width, height } = drawing.frame;
    this.svg.setAttribute('viewBox', `0 0 ${number(part.width, 4)} ${number(part.height, 4)}`);
    const isStretched = Math.abs(width * part.height - height * part.width) > 1e-6 * width * part.height;
    this.svg.setAttribute('preserveAspectRatio', isStretched ? 'none' : 'xMidYMid');
    const share = Math.min(1, width / height);
    this.svg.style.width = isStretched ? `${100 * share}%` : '';
    this.svg.style.height = isStretched ? `${100 * Math.min(1, height / width)}%` : '';
    this.painted.classList.toggle('screened', drawing.screen);
    this.#arrange(drawing.shapes);
    cancelAnimationFrame(this.#frameRequest);
    if (isLive || isCalm() || document.hidden) return this.#paint(drawing.shapes);
    const begin = performance.now();
    /** @param {number} now */
    const step = (now) => {
      const time = Math.min(1, Math.max(0, now - begin) / CHANGE);
      this.#paint(time < 1 ? travelling(before, drawing.shapes, time, 0.3) : drawing.shapes);
      if (time < 1) this.#frameRequest = requestAnimationFrame(step);
    };
    this.#frameRequest = requestAnimationFrame(step);
  }

  /** How far the shapes are, from the start (0) to the drawing (1). */
  get time() {
    return this.#time;
  }

  set time(time) {
    this.#time = time;
    cancelAnimationFrame(this.#frameRequest);
    if (this.#drawing) this.#paint(this.#at(this.#drawing));
  }

  /**
   * Hide or show a layer: a kind, or the background.
   *
   * @param {string} layer
   * @param {boolean} isHidden
   */
  hide(layer, isHidden) {
    if (isHidden) this.hidden.add(layer);
    else this.hidden.delete(layer);
    if (this.#drawing) this.#paint(this.#at(this.#drawing));
  }

  /**
   * What is seen as an SVG document.
   *
   * @param {string} title
   * @param {number} [scale] Of its size.
   */
  document(title, scale = 1) {
    const drawing = this.#drawing;
    if (!drawing) return '';
    const shapes = this.#at(drawing).filter((shape) => !this.hidden.has(shape.kind));
    const frame = { ...drawing.frame, width: drawing.frame.width * scale, height: drawing.frame.height * scale };
    return svgDocument(shapes, this.#ground(drawing), frame, { title, screen: drawing.screen });
  }

  /**
   * Look at a shape, or at none.
   *
   * @param {number | null} slot
   * @param {boolean} takesFocus
   */
  choose(slot, takesFocus = false) {
    this.#chosen = slot;
    for (const [own, group] of this.#groups) {
      group.setAttribute('aria-selected', String(own === slot));
      group.setAttribute('tabindex', own === (slot ?? this.#shown[0]?.slot) ? '0' : '-1');
    }
    if (takesFocus && slot !== null) this.#groups.get(slot)?.focus({ preventScroll: true });
    this.#outline();
  }

  /** @param {Drawing} drawing */
  #at(drawing) {
    return this.#time >= 1 ? drawing.shapes : travelling(drawing.start, drawing.shapes, this.#time);
  }

  /** @param {Drawing} drawing */
  #ground({ background, startBackground }) {
    if (background === null || this.hidden.has(BACKGROUND)) return null;
    return between(startBackground ?? background, background, this.#time);
  }

  /**
   * Make the elements that hold the shapes, in their order.
   *
   * @param {Shape[]} shapes
   */
  #arrange(shapes) {
    for (const shape of shapes) {
      let group = this.#groups.get(shape.slot);
      if (!group) {
        group = document.createElementNS(SVG, 'g');
        group.dataset.slot = String(shape.slot);
        group.setAttribute('role', 'option');
        group.setAttribute('tabindex', '-1');
        group.setAttribute('aria-selected', 'false');
        this.#groups.set(shape.slot, group);
      }
      group.setAttribute('aria-label', nameOf(shape));
    }
    const order = shapes.map((shape) => /** @type {SVGGElement} */ (this.#groups.get(shape.slot)));
    // Moving an element takes its focus away.
    if (order.some((group, index) => this.painted.children[index] !== group)) {
      const focused = document.activeElement;
      this.painted.replaceChildren(...order);
      if (focused instanceof SVGElement) focused.focus({ preventScroll: true });
    }
    this.svg.setAttribute('aria-label', `Drawing of ${shapes.length} shapes`);
    if (this.#chosen === null && shapes.length) order[0].setAttribute('tabindex', '0');
  }

  /** @param {Shape[]} shapes */
  #paint(shapes) {
    const drawing = /** @type {Drawing} */ (this.#drawing);
    const definitions = new Definitions();
    for (const shape of shapes) {
      const group = /** @type {SVGGElement} */ (this.#groups.get(shape.slot));
      group.innerHTML = shapeMarkup(shape, definitions, drawing.screen);
      group.style.display = this.hidden.has(shape.kind) ? 'none' : '';
    }
    this.definitions.innerHTML = [...definitions.elements.values()].join('');
    const ground = this.#ground(drawing);
    const { width, height } = drawing.frame.part;
    this.ground.setAttribute('width', String(width));
    this.ground.setAttribute('height', String(height));
    this.ground.setAttribute('fill', ground ? cssColor(ground) : 'none');
    this.#shown = shapes;
    this.#outline();
  }

  /** @param {number | null} slot */
  #point(slot) {
    if (slot === this.#pointed) return;
    this.#pointed = slot;
    this.#outline();
  }

  /** Outline the shape that is looked at, and draw its way. */
  #outline() {
    const slot = this.#pointed ?? this.#chosen;
    const shape = this.#shown.find((one) => one.slot === slot) ?? null;
    this.highlight.replaceChildren();
    if (shape && !this.hidden.has(shape.kind)) {
      const outline = outlineMarkup(shape);
      const begin = this.#drawing?.start.find((one) => one.slot === slot);
      const [from, to] = [begin ? middleOf(begin) : middleOf(shape), middleOf(shape)];
      const way = `<path d="M ${from.map((one) => number(one)).join(' ')} L ${to.map((one) => number(one)).join(' ')}"/>`;
      this.highlight.innerHTML =
        `<g class="light">${outline}</g><g class="strong">${outline}</g>` +
        `<g class="light">${way}</g><g class="way">${way}</g>`;
    }
    this.onSelect(shape);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const slots = this.#shown.filter((shape) => !this.hidden.has(shape.kind)).map((shape) => shape.slot);
    const place = slots.indexOf(this.#chosen ?? -1);
    /** @type {Record<string, number>} */
    const places = { ArrowRight: place + 1, ArrowDown: place + 1, ArrowLeft: place - 1, ArrowUp: place - 1 };
    Object.assign(places, { Home: 0, End: slots.length - 1 });
    if (event.key === 'Escape') this.choose(null);
    else if (slots.length && event.key in places) {
      this.choose(slots[(places[event.key] + slots.length) % slots.length], true);
    } else return;
    event.preventDefault();
  }
}

/**
 * The slot of the shape that an element belongs to.
 *
 * @param {EventTarget | null} target
 */
function slotOf(target) {
  const group = target instanceof Element ? target.closest('[data-slot]') : null;
  return group instanceof SVGElement ? Number(group.dataset.slot) : null;
}

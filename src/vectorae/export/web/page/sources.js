/** Where images come from: files that are chosen, dropped or pasted, and the examples. */
import { box, button, input } from './elements.js';

/**
 * @typedef {(image: Blob, name: string) => void} OnImage
 * @typedef {(message: string) => void} OnTrouble
 */

/**
 * @param {OnImage} onImage
 * @param {OnTrouble} onTrouble
 */
export function listenForFiles(onImage, onTrouble) {
  const [file, drop] = [input('file'), box('drop')];
  button('pick').addEventListener('click', () => file.click());
  file.addEventListener('change', () => {
    if (file.files?.length) onImage(file.files[0], file.files[0].name);
    file.value = '';
  });
  let depth = 0;
  addEventListener('dragenter', (event) => {
    event.preventDefault();
    depth += 1;
    drop.hidden = false;
  });
  addEventListener('dragleave', () => {
    depth -= 1;
    drop.hidden = depth > 0 ? drop.hidden : true;
  });
  addEventListener('dragover', (event) => event.preventDefault());
  addEventListener('drop', (event) => {
    event.preventDefault();
    depth = 0;
    drop.hidden = true;
    const [given] = event.dataTransfer?.files ?? [];
    if (given) onImage(given, given.name);
    else onTrouble('What was dropped is no file. Save the picture first, or copy and paste it.');
  });
  listenForPaste(onImage, onTrouble);
}

/**
 * @param {OnImage} onImage
 * @param {OnTrouble} onTrouble
 */
function listenForPaste(onImage, onTrouble) {
  const nothing = 'The clipboard holds no picture. Copy one first.';
  addEventListener('paste', (event) => {
    const [given] = event.clipboardData?.files ?? [];
    if (given) onImage(given, given.name);
    else onTrouble(nothing);
  });
  const paste = button('paste');
  paste.hidden = !navigator.clipboard?.read;
  paste.addEventListener('click', async () => {
    try {
      for (const item of await navigator.clipboard.read()) {
        const type = item.types.find((one) => one.startsWith('image/'));
        if (type) return onImage(await item.getType(type), 'pasted.png');
      }
      onTrouble(nothing);
    } catch {
      onTrouble('The browser does not let this page read the clipboard. Press Ctrl+V (⌘V) instead.');
    }
  });
}

/**
 * Buttons for the examples.
 *
 * @param {{file: string, name: string}[]} examples
 * @param {(image: Blob, name: string) => void} onImage
 */
export function showExamples(examples, onImage) {
  const buttons = examples.map(({ file, name }) => {
    const [own, image] = [document.createElement('button'), document.createElement('img')];
    own.type = 'button';
    own.setAttribute('aria-pressed', 'false');
    own.setAttribute('aria-label', name);
    own.title = name;
    Object.assign(image, { src: file, alt: '' });
    own.append(image);
    own.addEventListener('click', async () => {
      onImage(await (await fetch(file)).blob(), file.slice(file.lastIndexOf('/') + 1));
      own.setAttribute('aria-pressed', 'true');
    });
    return own;
  });
  box('examples').replaceChildren(...buttons);
}

/** No example is shown any more. */
export function leaveExamples() {
  for (const one of box('examples').children) one.setAttribute('aria-pressed', 'false');
}

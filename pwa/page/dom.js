/** Finding, filling and making elements; no HTML is ever built from text. */

/**
 * @param {string} id
 * @returns {any} the element of the page's template that carries this id
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}`);
  return found;
}

/**
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T} the first that matches
 * @throws {Error} where it is missing or of another type
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page has no ${selector}`);
  return found;
}

/** A copy of a template's one element. @param {string} id @returns {HTMLElement} */
export function copy(id) {
  return byId(id).content.firstElementChild.cloneNode(true);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {string} className
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** A decorative drawing; its control carries the words. @param {string} name one of the template's symbols */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS(svg.namespaceURI, "use"));
  setIcon(svg, name);
  return svg;
}

/** @param {Element} svg @param {string} name */
export function setIcon(svg, name) {
  svg.firstElementChild?.setAttribute("href", `#icon-${name}`);
}

/** @param {string} text @param {() => unknown} act @param {string} [kind] class of base.css */
export function button(text, act, kind = "") {
  const element = make("button", `button ${kind}`, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/**
 * Keeps one child for each item in the given order; elements stay while their item stays, so that
 * focus, ticks and pictures survive a redraw.
 * @template {{photoId: string}} T
 * @param {HTMLElement} list
 * @param {T[]} items
 * @param {(item: T) => HTMLElement} create
 * @param {(element: HTMLElement, item: T, index: number) => void} update
 */
export function repeat(list, items, create, update) {
  const known = new Map(
    Array.from(list.children, (child) => [/** @type {HTMLElement} */ (child).dataset.photo, child]),
  );
  items.forEach((item, index) => {
    const element = /** @type {HTMLElement} */ (known.get(item.photoId) ?? create(item));
    known.delete(item.photoId);
    element.dataset.photo = item.photoId;
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
    update(element, item, index);
  });
  for (const element of known.values()) element.remove();
}

/** Sets text only where it differs, so that nothing is read out or laid out again without need.
 * @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Lets the browser save bytes as a file.
 * @param {Blob} blob
 * @param {string} name
 */
export function saveFile(blob, name) {
  const link = make("a", "");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser reads the address later than this turn.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

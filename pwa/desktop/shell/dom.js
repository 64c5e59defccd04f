/** Finding and making elements; no HTML is ever built from text. */

/**
 * @template {Element} T
 * @param {ParentNode} root @param {string} selector @param {new () => T} type @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`The page has no ${selector}`);
  return found;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} className @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...children);
  return element;
}

/** A decorative drawing of the page's own set; its control carries the words. @param {string} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** @param {string} text @param {() => void} act @param {string} [kind] class of base.css */
export function button(text, act, kind = "") {
  const element = make("button", `button ${kind}`, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/** Writes the catalogue's words where the page asks for them. @param {Record<string, any>} words */
export function fillWords(words) {
  const targets = /** @type {const} */ ({
    words: "textContent",
    label: "ariaLabel",
    alt: "alt",
    placeholder: "placeholder",
  });
  for (const [key, property] of Object.entries(targets)) {
    for (const element of document.querySelectorAll(`[data-${key}]`)) {
      const word = words[/** @type {HTMLElement} */ (element).dataset[key] ?? ""];
      /** @type {any} */ (element)[property] = word;
    }
  }
}

/** @param {HTMLSelectElement} select @param {Record<string, string>} options text by value */
export function fillSelect(select, options) {
  select.replaceChildren(
    ...Object.entries(options).map(([value, text]) => new Option(text, value)),
  );
}

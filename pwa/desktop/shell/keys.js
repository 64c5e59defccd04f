/** The keyboard of the page as pure functions: which key means what, and where an arrow leads. */

/**
 * Nothing while the user types or holds a modifier, so that no letter is ever swallowed.
 * @param {{ key: string, ctrlKey: boolean, metaKey: boolean, altKey: boolean }} press
 * @param {boolean} typing @returns {"new" | "previous" | "next" | null}
 */
export function shortcut(press, typing) {
  if (typing || press.ctrlKey || press.metaKey || press.altKey) return null;
  if (press.key.toLowerCase() === "n") return "new";
  if (press.key === "ArrowLeft") return "previous";
  return press.key === "ArrowRight" ? "next" : null;
}

/** @param {EventTarget | null} target */
export function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input, textarea, select"))
  );
}

/**
 * The place in a grid that an arrow leads to, or the same place at an edge.
 * @param {string} key @param {number} from @param {number} count @param {number} columns
 */
export function step(key, from, count, columns) {
  /** @type {Record<string, number>} */
  const places = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
    Home: 0,
    End: count - 1,
  };
  const to = places[key] ?? from;
  return to >= 0 && to < count ? to : from;
}

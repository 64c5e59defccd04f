/**
 * The name of a photo that leaves the app: whose it is, when it was taken, what it shows, and a piece of
 * its id, so that two photos never share a name. Letters, digits and hyphens only: every file system,
 * mail program and archive keeps those.
 */

/** @typedef {import("../../shared/api-types.js").Photo} Photo @typedef {import("../../shared/api-types.js").Consultation} Consultation */

const LONGEST = 32;

/**
 * @param {Photo} photo
 * @param {Pick<Consultation, "kind" | "label" | "secondIdentifier"> | undefined} consultation
 */
export function fileName(photo, consultation) {
  const parts = [
    whose(consultation),
    stamp(photo.capturedAt),
    plain([photo.side, photo.bodySite].filter(Boolean).join(" ")),
    plain(photo.view),
    photo.takenDuring ? "not-confirmed" : "",
    piece(photo.id),
  ];
  const ending = photo.contentType === "image/webp" ? "webp" : "jpg";
  return `${parts.filter(Boolean).join("_")}.${ending}`;
}

/** The identifier, else the initials of the label. @param {Pick<Consultation, "kind" | "label" | "secondIdentifier"> | undefined} consultation */
function whose(consultation) {
  if (!consultation || consultation.kind === "unfiled") return "unfiled";
  return (
    plain(consultation.secondIdentifier ?? "") || initials(consultation.label) || "consultation"
  );
}

/** "Room 2 · J.S. 54y" is J.S. 54y in room 2: R2-JS-54y. @param {string} label */
export function initials(label) {
  const words = ascii(label)
    .split(/[^A-Za-z0-9.]+/)
    .map((word) => (/^([A-Za-z]\.)+[A-Za-z]?$/.test(word) ? letters(word) : first(letters(word))))
    .filter(Boolean);
  return words.join("-").slice(0, LONGEST).replace(/-+$/, "");
}

/** Words by their first letter, numbers whole. @param {string} word */
const first = (word) => (/^\d/.test(word) ? word : word.charAt(0).toUpperCase());

/** @param {string} word */
const letters = (word) => word.replaceAll(".", "");

/** Local day and time, in an order that sorts. @param {string} iso */
function stamp(iso) {
  const at = new Date(iso);
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join("-");
  return `${day}_${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

/** The random end of the id: its beginning is the time. @param {string} id */
const piece = (id) => id.replaceAll("-", "").slice(-12);

/** @param {string} text */
function plain(text) {
  const words = ascii(text).replace(/[^A-Za-z0-9]+/g, "-");
  return words.replace(/^-+/, "").slice(0, LONGEST).replace(/-+$/, "");
}

/** Without accents; letters of other scripts become gaps. @param {string} text */
const ascii = (text) =>
  text
    .replaceAll("ß", "ss")
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\x20-\x7e]/g, " ");

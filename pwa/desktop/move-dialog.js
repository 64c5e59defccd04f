/** The question where a photo belongs: it shows the photo, and nothing is chosen until a person chooses. */
import { choiceButton, show } from "../page/dialog.js";
import { asWritten } from "../page/names.js";
import { desktop as words } from "../page/words-desktop.js";
import { make } from "./dom.js";
import { apartBy, labelOf, named } from "./identity.js";
import { dayAndTime } from "./times.js";

/** @typedef {import("./shapes.js").Visit} Visit @typedef {import("./shapes.js").Photo} Photo */

/**
 * @param {{ photo: Photo, address: string, visits: Visit[] }} question `visits` with the photo's own
 * @returns {Promise<Visit | undefined>}
 */
export async function askWhere({ photo, address, visits }) {
  const others = visits.filter(({ id }) => id !== photo.consultationId);
  const own = visits.find(({ id }) => id === photo.consultationId);
  /** @type {string | null} */
  let chosen = null;
  const answer = await show(words.moveAsk, (dialog) => {
    dialog.classList.add("move-dialog");
    const yes = choiceButton({ value: "yes", text: words.move, kind: "primary" });
    const no = choiceButton({ value: "", text: words.cancel });
    yes.disabled = true;
    const list = choices(others, visits, photo, (id) => {
      chosen = id;
      yes.disabled = id === null;
    });
    dialog.append(
      subject(photo, address, own, visits),
      make("p", "muted", words.moveText),
      search(list),
      list,
      make("div", "actions", yes, no),
    );
  });
  return answer ? visits.find(({ id }) => id === chosen) : undefined;
}

/** @param {Photo} photo @param {string} address @param {Visit | undefined} own @param {Visit[]} visits */
function subject(photo, address, own, visits) {
  const image = make("img", "");
  image.src = address;
  image.alt = words.moveSubject;
  const taken = dayAndTime(photo.capturedAt, new Date(), words.locale, words.inSentence);
  const lines = [make("span", "", words.takenAt(taken))];
  if (own) lines.unshift(make("span", "", words.moveFrom, " ", named(own, visits)));
  return make("div", "move-subject", image, make("p", "", ...lines));
}

/** @param {HTMLElement} list */
function search(list) {
  const field = make("input", "");
  field.type = "search";
  field.id = "move-search";
  field.autocomplete = "off";
  const label = make("label", "", words.moveSearch);
  label.htmlFor = field.id;
  field.addEventListener("input", () => narrow(list, field.value));
  return make("p", "field", label, field);
}

/** Shows what holds every typed word; a hidden choice is no choice. @param {HTMLElement} list @param {string} text */
function narrow(list, text) {
  const wanted = text.toLocaleLowerCase(words.locale).split(/\s+/).filter(Boolean);
  let found = 0;
  for (const row of list.querySelectorAll("label")) {
    const said = (row.textContent ?? "").toLocaleLowerCase(words.locale);
    row.hidden = !wanted.every((word) => said.includes(word));
    const input = row.querySelector("input");
    if (row.hidden && input?.checked) {
      input.checked = false;
      list.dispatchEvent(new Event("change"));
    }
    found += Number(!row.hidden);
  }
  const none = list.querySelector(".move-none");
  if (none instanceof HTMLElement) none.hidden = found > 0;
}

/**
 * @param {Visit[]} others @param {Visit[]} visits @param {Photo} photo
 * @param {(id: string | null) => void} onChoice
 */
function choices(others, visits, photo, onChoice) {
  const group = make("fieldset", "move-list", make("legend", "visually-hidden", words.moveLabel));
  group.append(...others.map((visit) => choice(visit, visits, photo)));
  const none = make("p", "muted move-none", words.moveNone);
  none.hidden = true;
  group.append(none);
  group.addEventListener("change", () => {
    const checked = group.querySelector("input:checked");
    onChoice(checked instanceof HTMLInputElement ? checked.value : null);
  });
  return group;
}

/** @param {Visit} visit @param {Visit[]} visits @param {Photo} photo */
function choice(visit, visits, photo) {
  const input = make("input", "");
  input.type = "radio";
  input.name = "move-to";
  input.value = visit.id;
  const { by } = apartBy(visit, visits);
  const lines = [asWritten(make("strong", "name-label", labelOf(visit))), ...details(visit, by)];
  if (photo.takenDuring?.id === visit.id) lines.push(make("span", "warned", words.moveHint));
  return make("label", "move-choice", input, make("span", "named", ...lines));
}

/** @param {Visit} visit @param {"identifier" | "time" | null} by */
function details(visit, by) {
  if (visit.kind === "unfiled") return [];
  const at = (/** @type {string} */ iso) =>
    dayAndTime(iso, new Date(), words.locale, words.inSentence);
  const second = visit.secondIdentifier ?? "";
  const lines = [
    make("span", by === "time" ? "differs" : "name-detail", words.opened(at(visit.openedAt))),
  ];
  if (second) {
    lines.unshift(asWritten(make("span", by === "identifier" ? "differs" : "name-detail", second)));
  }
  if (visit.closedAt) lines.push(make("span", "closed-mark", words.closedAt(at(visit.closedAt))));
  return lines;
}

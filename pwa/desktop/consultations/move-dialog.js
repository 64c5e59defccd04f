/** The question where a photo belongs: it shows the photo, and nothing is chosen until the user chooses. */
import { choiceButton, showDialog } from "../../page/dialog.js";
import { asWritten } from "../../page/names.js";
import { desktop as words } from "../../page/words/desktop.js";
import { make } from "../../page/dom.js";
import { apartBy, labelOf, named } from "./identity.js";
import { dayAndTime } from "../times.js";

/** @typedef {import("../../shared/api-types.js").Consultation} Consultation @typedef {import("../../shared/api-types.js").Photo} Photo */

/**
 * @param {{ photo: Photo, address: string, consultations: Consultation[] }} question `consultations` with the photo's own
 * @returns {Promise<Consultation | undefined>}
 */
export async function askWhere({ photo, address, consultations }) {
  const others = consultations.filter(({ id }) => id !== photo.consultationId);
  const own = consultations.find(({ id }) => id === photo.consultationId);
  /** @type {string | null} */
  let chosen = null;
  const answer = await showDialog(words.moveAsk, (dialog) => {
    dialog.classList.add("move-dialog");
    const yes = choiceButton({ value: "yes", text: words.move, kind: "primary" });
    const no = choiceButton({ value: "", text: words.cancel });
    yes.disabled = true;
    const list = choices(others, consultations, photo, (id) => {
      chosen = id;
      yes.disabled = id === null;
    });
    dialog.append(
      subject(photo, address, own, consultations),
      make("p", "muted", words.moveText),
      search(list),
      list,
      make("div", "actions", yes, no),
    );
  });
  return answer ? consultations.find(({ id }) => id === chosen) : undefined;
}

/** @param {Photo} photo @param {string} address @param {Consultation | undefined} own @param {Consultation[]} consultations */
function subject(photo, address, own, consultations) {
  const image = make("img", "");
  image.src = address;
  image.alt = words.moveSubject;
  const taken = dayAndTime(photo.capturedAt, new Date(), words.locale, words.inSentence);
  const lines = [make("span", "", words.takenAt(taken))];
  if (own) lines.unshift(make("span", "", words.moveFrom, " ", named(own, consultations)));
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

/** Shows the rows that contain every typed word; a hidden row does not stay chosen. @param {HTMLElement} list @param {string} text */
function narrow(list, text) {
  const wanted = text.toLocaleLowerCase(words.locale).split(/\s+/).filter(Boolean);
  let found = 0;
  for (const row of list.querySelectorAll("label")) {
    const rowText = (row.textContent ?? "").toLocaleLowerCase(words.locale);
    row.hidden = !wanted.every((word) => rowText.includes(word));
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
 * @param {Consultation[]} others @param {Consultation[]} consultations @param {Photo} photo
 * @param {(id: string | null) => void} onChoice
 */
function choices(others, consultations, photo, onChoice) {
  const group = make("fieldset", "move-list", make("legend", "visually-hidden", words.moveLabel));
  group.append(...others.map((consultation) => choice(consultation, consultations, photo)));
  const none = make("p", "muted move-none", words.moveNone);
  none.hidden = true;
  group.append(none);
  group.addEventListener("change", () => {
    const checked = group.querySelector("input:checked");
    onChoice(checked instanceof HTMLInputElement ? checked.value : null);
  });
  return group;
}

/** @param {Consultation} consultation @param {Consultation[]} consultations @param {Photo} photo */
function choice(consultation, consultations, photo) {
  const input = make("input", "");
  input.type = "radio";
  input.name = "move-to";
  input.value = consultation.id;
  const { by } = apartBy(consultation, consultations);
  const lines = [
    asWritten(make("strong", "name-label", labelOf(consultation))),
    ...details(consultation, by),
  ];
  if (photo.takenDuring?.id === consultation.id) lines.push(make("span", "warned", words.moveHint));
  return make("label", "move-choice", input, make("span", "named", ...lines));
}

/** @param {Consultation} consultation @param {"identifier" | "time" | null} by */
function details(consultation, by) {
  if (consultation.kind === "unfiled") return [];
  const at = (/** @type {string} */ iso) =>
    dayAndTime(iso, new Date(), words.locale, words.inSentence);
  const second = consultation.secondIdentifier ?? "";
  const lines = [
    make(
      "span",
      by === "time" ? "differs" : "name-detail",
      words.opened(at(consultation.openedAt)),
    ),
  ];
  if (second) {
    lines.unshift(asWritten(make("span", by === "identifier" ? "differs" : "name-detail", second)));
  }
  if (consultation.closedAt)
    lines.push(make("span", "closed-mark", words.closedAt(at(consultation.closedAt))));
  return lines;
}

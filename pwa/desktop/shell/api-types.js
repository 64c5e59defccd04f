/**
 * What the server answers, as types. Ids are UUID text, times RFC 3339 in UTC, sizes bytes and pixels.
 * @typedef {{ id: string, kind: "visit" | "unfiled", label: string, secondIdentifier: string | null,
 *   notes: string, openedAt: string, closedAt: string | null, rev: number, photoCount: number,
 *   unconfirmedCount: number }} Consultation
 * @typedef {{ id: string, url: string, contentType: string, size: number, width: number,
 *   height: number, capturedAt: string, deviceCapturedAt?: string | null, receivedAt: string, late: boolean, caption: string,
 *   bodySite: string, side: "" | "left" | "right" | "both" | "midline",
 *   view: "" | "overview" | "regional" | "close-up", consultationId: string,
 *   takenDuring: { id: string, label: string, secondIdentifier: string | null, since: string } | null }} Photo
 * @typedef {{ user: { id: string, name: string | null }, realtime: any }} Me
 * @typedef {{ label: string, secondIdentifier: string | null }} NewConsultation
 * @typedef {{ photoId: string, state: "missing" | "waiting", capturedAt: string, waitingHours: number,
 *   heardAt: string }} UnsentPhoto
 * @typedef {{ photos: UnsentPhoto[], serverTime: string }} Unsent
 * @typedef {Record<string, string>} Fields
 */
export {};

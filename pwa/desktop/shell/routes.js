/** The server's routes that the desktop uses, one function each. */

/** @import { Api, ApiAnswer } from "../../shared/http.js" */
/** @import * as answers from "../../shared/api-types.js" */
/** @typedef {ReturnType<typeof createRoutes>} Routes */

/** @param {Api} api */
export function createRoutes(api) {
  /** @template T @param {string} method @param {string} path @param {unknown} [body] @returns {Promise<T>} */
  const data = async (method, path, body) => {
    /** @type {ApiAnswer<T>} */
    const answer = await api.request(method, path, body);
    return answer.data;
  };
  const consultations = "/api/consultations";
  return {
    /** @returns {Promise<answers.Me>} */
    me: () => data("GET", "/api/me"),
    /** @returns {Promise<answers.ConsultationList>} */
    consultations: () => data("GET", consultations),
    /** @param {string} id @returns {Promise<answers.Consultation>} */
    consultation: (id) => data("GET", `${consultations}/${id}`),
    /** @param {answers.NewConsultation} consultation @returns {Promise<answers.Consultation>} */
    start: (consultation) => data("POST", consultations, consultation),
    /** @param {string} id @param {answers.ConsultationChange} change @returns {Promise<answers.Consultation>} */
    change: (id, change) => data("PATCH", `${consultations}/${id}`, change),
    /** @param {string} id */
    discard: (id) => data("POST", `${consultations}/${id}/discard`),
    /** @param {string | null} consultationId */
    choose: (consultationId) => data("PUT", `${consultations}/current`, { consultationId }),
    /** @param {string} id @param {string | null} [etag] @returns {Promise<ApiAnswer<answers.PhotoList>>} */
    photos: (id, etag) => api.request("GET", `${consultations}/${id}/photos`, undefined, { etag }),
    /** @param {string} id @param {import("../notes/autosave.js").Fields} fields @returns {Promise<answers.Photo>} */
    describe: (id, fields) => data("PATCH", `/api/photos/${id}`, fields),
    /** @param {string} id @param {boolean} placeConfirmed @returns {Promise<answers.Photo>} */
    confirmPlace: (id, placeConfirmed) => data("PATCH", `/api/photos/${id}`, { placeConfirmed }),
    /** @param {string} id */
    remove: (id) => data("DELETE", `/api/photos/${id}`),
    /** @param {string} id @param {string} consultationId @returns {Promise<answers.Photo>} */
    move: (id, consultationId) => data("POST", `/api/photos/${id}/move`, { consultationId }),
    /** @returns {Promise<answers.Unsent>} */
    unsent: () => data("GET", "/api/devices/captures"),
    /** @param {string[]} photoIds */
    dismiss: (photoIds) => data("POST", "/api/devices/captures/dismiss", { photoIds }),
    /** @returns {Promise<answers.RealtimeToken>} */
    realtimeToken: () => data("GET", "/api/realtime/token"),
  };
}

/** The server's routes that the desktop uses, one function each. */

/** @typedef {import("./api-types.js").Consultation} Consultation @typedef {import("./api-types.js").Photo} Photo */
/** @typedef {ReturnType<typeof createRoutes>} Routes */

/** @param {{ request(method: string, path: string, body?: any, options?: any): Promise<any> }} api */
export function createRoutes(api) {
  /** @param {string} method @param {string} path @param {unknown} [body] */
  const data = async (method, path, body) => (await api.request(method, path, body)).data;
  const consultations = "/api/consultations";
  return {
    /** @returns {Promise<import("./api-types.js").Me>} */
    me: () => data("GET", "/api/me"),
    /** @returns {Promise<{ consultations: Consultation[], currentId: string | null }>} */
    consultations: () => data("GET", consultations),
    /** @param {string} id @returns {Promise<Consultation>} */
    consultation: (id) => data("GET", `${consultations}/${id}`),
    /** @param {import("./api-types.js").NewConsultation} consultation @returns {Promise<Consultation>} */
    start: (consultation) => data("POST", consultations, consultation),
    /** @param {string} id @param {{ label?: string, secondIdentifier?: string | null, notes?: string, closed?: boolean }} change @returns {Promise<Consultation>} */
    change: (id, change) => data("PATCH", `${consultations}/${id}`, change),
    /** @param {string} id */
    discard: (id) => data("POST", `${consultations}/${id}/discard`),
    /** @param {string | null} consultationId */
    choose: (consultationId) => data("PUT", `${consultations}/current`, { consultationId }),
    /** @param {string} id @param {string | null} [etag] @returns {Promise<{ status: number, data: any, etag: string | null }>} */
    photos: (id, etag) => api.request("GET", `${consultations}/${id}/photos`, undefined, { etag }),
    /** @param {string} id @param {import("./api-types.js").Fields} fields @returns {Promise<Photo>} */
    describe: (id, fields) => data("PATCH", `/api/photos/${id}`, fields),
    /** @param {string} id @param {boolean} placeConfirmed @returns {Promise<Photo>} */
    confirmPlace: (id, placeConfirmed) => data("PATCH", `/api/photos/${id}`, { placeConfirmed }),
    /** @param {string} id */
    remove: (id) => data("DELETE", `/api/photos/${id}`),
    /** @param {string} id @param {string} consultationId @returns {Promise<Photo>} */
    move: (id, consultationId) => data("POST", `/api/photos/${id}/move`, { consultationId }),
    /** @returns {Promise<import("./api-types.js").Unsent>} */
    unsent: () => data("GET", "/api/devices/captures"),
    /** @param {string[]} photoIds */
    dismiss: (photoIds) => data("POST", "/api/devices/captures/dismiss", { photoIds }),
    /** @returns {Promise<{ token: string }>} */
    realtimeToken: () => data("GET", "/api/realtime/token"),
  };
}

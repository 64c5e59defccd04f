/**
 * What the server answers: set-up makes these types of the server's own OpenAPI document. Ids are
 * UUID text, times RFC 3339 in UTC, sizes bytes and pixels.
 *
 * @typedef {import("../vendor/api.js").components["schemas"]} Schemas
 * @typedef {import("../vendor/api.js").paths} Paths
 * @typedef {Schemas["Me"]} Me
 * @typedef {Schemas["Realtime"]} RealtimeConfig
 * @typedef {Schemas["RealtimeToken"]} RealtimeToken
 * @typedef {Schemas["SessionToken"]} SessionToken
 * @typedef {Schemas["AccountUser"]} AccountUser
 * @typedef {Schemas["SignInState"]} SignInState
 * @typedef {Schemas["SignInAnswer"]} SignInAnswer
 * @typedef {Schemas["ConsultationView"]} Consultation
 * @typedef {Schemas["ConsultationList"]} ConsultationList
 * @typedef {Schemas["Current"]} CurrentConsultation
 * @typedef {Schemas["Move"]} ServerMove
 * @typedef {Schemas["PhotoView"]} Photo
 * @typedef {Schemas["PhotoList"]} PhotoList
 * @typedef {Schemas["UnsentPhoto"]} UnsentPhoto
 * @typedef {Schemas["UnsentList"]} Unsent
 * @typedef {Schemas["PresignAnswer"]} PresignAnswer
 * @typedef {Schemas["PresignResult"]} PresignResult
 * @typedef {Schemas["SignedUpload"]} Upload
 * @typedef {Schemas["Receipt"]} Receipt
 * @typedef {Body<Paths["/api/consultations"]["post"]>} NewConsultation
 * @typedef {Body<Paths["/api/consultations/{consultation_id}"]["patch"]>} ConsultationChange
 */
/**
 * What a route takes.
 * @template {{ requestBody: { content: { "application/json": unknown } } }} Route
 * @typedef {Route["requestBody"]["content"]["application/json"]} Body
 */
export {};

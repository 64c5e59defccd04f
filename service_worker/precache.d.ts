/** The server generates `precache.js` from the files it serves; this is its shape. */
export declare const PRECACHE: {
  /** Digest of the whole list: a new one means a new shell. */
  version: string;
  assets: { url: string; sha256: string }[];
};

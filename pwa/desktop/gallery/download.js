/** Saves a photo as a file whose name says when and which, and nothing about the patient. */

/**
 * Goes through a blob: a plain link would lose the name where photos lie on another origin.
 * @param {string} url @param {string} name @param {typeof fetch} fetch
 */
export async function download(url, name, fetch) {
  // A picture that the page already shows may be cached without the headers that a read needs.
  const response = await fetch(url, { cache: "reload", signal: AbortSignal.timeout(30_000) });
  if (!response.ok) throw new Error("The photo could not be read");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await response.blob());
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

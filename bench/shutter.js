// Evaluated in the phone's page with the camera open: taps the shutter `taps` times, and in between
// does by hand the least that keeps a photo (grab, shrink, encode, one strict write). All in ms.
async ({ taps }) => {
  const video = document.querySelector("video");
  const button = document.getElementById("take-photo");
  const bare = await new Promise((resolve, reject) => {
    const opening = indexedDB.open("bench", 1);
    opening.onupgradeneeded = () =>
      opening.result.createObjectStore("bytes", { autoIncrement: true });
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const until = (seen) =>
    new Promise((resolve) => {
      const observer = new MutationObserver(() => seen() && (observer.disconnect(), resolve()));
      observer.observe(document.body, { subtree: true, childList: true, characterData: true });
      if (seen()) (observer.disconnect(), resolve());
    });
  const voice = () => document.getElementById("voice")?.textContent;
  const kept = async (number) => {
    const said = `Saved on this phone, ${number} to review`;
    const began = performance.now();
    button.click();
    const blocked = performance.now() - began;
    await until(() => voice() === said);
    const taken = performance.now() - began;
    await until(
      () => document.getElementById("review-camera").textContent === `Review (${number})`,
    );
    return { taken, blocked };
  };
  const least = async () => {
    const began = performance.now();
    const frame = Object.assign(document.createElement("canvas"), { width: 1920, height: 1440 });
    frame.getContext("2d", { alpha: false }).drawImage(video, 0, 0);
    const small = Object.assign(document.createElement("canvas"), { width: 800, height: 600 });
    small.getContext("2d", { alpha: false }).drawImage(frame, 0, 0, 800, 600);
    const blob = await new Promise((resolve) => small.toBlob(resolve, "image/jpeg", 0.85));
    const bytes = await blob.arrayBuffer();
    await new Promise((resolve, reject) => {
      const tx = bare.transaction("bytes", "readwrite", { durability: "strict" });
      tx.objectStore("bytes").put(bytes);
      tx.oncomplete = resolve;
      tx.onerror = () => reject(tx.error);
    });
    return performance.now() - began;
  };
  const found = { taken: [], blocked: [], least: [] };
  for (let number = 1; number <= taps; number++) {
    const { taken, blocked } = await kept(number);
    found.taken.push(taken);
    found.blocked.push(blocked);
    found.least.push(await least());
  }
  bare.close();
  return found;
};

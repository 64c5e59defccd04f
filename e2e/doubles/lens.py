"""A lens in the tests' hands: a real track of a canvas, whose frames come, stop, are black or noise.

``lens.picture`` is what is drawn ("scene", "black", "dark"; "" draws nothing, so that no frame comes while
the track lives); ``lens.opened`` counts how often the page asked for a camera.
"""

LENS = """
window.lens = {picture: "scene", opened: 0, answers: true};
{
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 480];
  const pen = canvas.getContext("2d");
  let number = 0;
  const noise = (most) => {
    const image = pen.createImageData(640, 480);
    for (let at = 0; at < image.data.length; at += 4) {
      image.data[at] = image.data[at + 1] = image.data[at + 2] = Math.random() * most;
      image.data[at + 3] = 255;
    }
    pen.putImageData(image, 0, 0);
  };
  const draw = {
    scene: () => {
      noise(255);
      pen.fillStyle = `rgb(${(number * 40) % 256} 90 90)`;
      pen.fillRect(100, 100, 300, 200);
    },
    dark: () => noise(24),
    black: () => {
      pen.fillStyle = number % 2 ? "rgb(0 0 0)" : "rgb(1 1 1)";
      pen.fillRect(0, 0, 640, 480);
    },
  };
  setInterval(() => {
    number++;
    draw[lens.picture]?.();
  }, 60);
  navigator.mediaDevices.getUserMedia = async () => {
    lens.opened++;
    if (!lens.answers) return new Promise(() => {});
    lens.track?.stop();
    const stream = canvas.captureStream();
    [lens.track] = stream.getVideoTracks();
    return stream;
  };
}
"""

// Images of a digit: 28 by 28 pixels, which Python sends as bytes in base64.

const SIDE = 28

const bytes = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))

const grey = (pixels) => (at) => pixels[at] * 0x010101

// One number a pixel, as canvases keep them: opacity, blue, green, red.
function paint(canvas, colourAt) {
  const image = new ImageData(SIDE, SIDE)
  const pixels = new Uint32Array(image.data.buffer)
  for (let at = 0; at < pixels.length; at++) pixels[at] = 0xff000000 | colourAt(at)
  canvas.getContext("2d").putImageData(image, 0, 0)
}

// A drawing, or the 28x28 pixels of one digit, as the fragment of an address, which browsers keep to themselves: who opens
// the link sees them, and no server has stored them. Whole numbers in steps of 7 bits, in base64 as addresses take it.
// SIDE is that of the page's other scripts.

const SHARES = 1000 // steps over the board's width and height
const LEVELS = 4 // levels of grey that become one
const MOST_CHARACTERS = 200_000 // more than the largest drawing has that is read

// The address of this page with a drawing, or with the pixels of a digit where nothing is drawn.
function linkTo(strokes, pixels) {
  const fragment = strokes.length ? `drawing=${drawingAsText(strokes)}` : `digit=${pixelsAsText(pixels)}`
  return `${location.origin}${location.pathname}${location.search}#${fragment}`
}

// What such a fragment holds: {strokes} or {pixels}; RangeError where it is damaged.
function linked(fragment) {
  const [, kind, text] = fragment.match(/^#(drawing|digit)=(.*)$/)
  return kind === "drawing" ? { strokes: textAsDrawing(text) } : { pixels: textAsPixels(text) }
}

// Each stroke: its number of points, whether it erases, then x, y and width of each less those of the one before.
function drawingAsText(strokes) {
  const numbers = strokes.flatMap(({ points, erases }) => {
    const whole = points.map((share) => Math.round(SHARES * share))
    return [points.length / 3, Number(erases), ...whole.map((number, at) => number - (whole[at - 3] ?? 0))]
  })
  return asText(numbers)
}

function textAsDrawing(text) {
  const numbers = asNumbers(text)
  const strokes = []
  while (numbers.length) {
    const [n, erases] = numbers.splice(0, 2)
    if (!(n > 0) || numbers.length < 3 * n) throw new RangeError("a stroke is cut short")
    const points = numbers.splice(0, 3 * n)
    for (let at = 3; at < points.length; at++) points[at] += points[at - 3]
    strokes.push({ erases: erases === 1, points: points.map((number) => number / SHARES) })
  }
  return strokes
}

// By turns how many pixels are black, and how many are not, with their levels.
function pixelsAsText(pixels) {
  const levels = Array.from(pixels, (pixel) => Math.floor(pixel / LEVELS))
  const numbers = []
  for (let at = 0; at < levels.length; ) {
    const inked = levels.findIndex((level, place) => place >= at && level > 0)
    const from = inked < 0 ? levels.length : inked
    const black = levels.findIndex((level, place) => place > from && level === 0)
    const to = black < 0 ? levels.length : black
    numbers.push(from - at, to - from, ...levels.slice(from, to))
    at = to
  }
  return asText(numbers)
}

function textAsPixels(text) {
  const numbers = asNumbers(text)
  const pixels = []
  while (numbers.length && pixels.length < SIDE ** 2) {
    const [nBlack, nInked] = numbers.splice(0, 2)
    if (!(nBlack >= 0 && nInked >= 0 && nBlack + nInked <= SIDE ** 2)) throw new RangeError("a run of pixels is too long")
    pixels.push(...Array(nBlack).fill(0), ...numbers.splice(0, nInked).map((level) => level * LEVELS))
  }
  if (pixels.length !== SIDE ** 2) throw new RangeError("there are not 28 by 28 pixels")
  return Uint8ClampedArray.from(pixels)
}

function asText(numbers) {
  const bytes = []
  for (const number of numbers) {
    let rest = number < 0 ? -2 * number - 1 : 2 * number // the sign last, so that small numbers are short
    for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128)
    bytes.push(rest)
  }
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

function asNumbers(text) {
  if (text.length > MOST_CHARACTERS) throw new RangeError("it is too long")
  if (!/^[\w-]+$/.test(text)) throw new RangeError("there are other characters than those of base64")
  const numbers = []
  let [number, shift] = [0, 0]
  for (const character of atob(text.replaceAll("-", "+").replaceAll("_", "/"))) {
    const byte = character.charCodeAt(0)
    number |= (byte & 127) << shift
    shift += 7
    if (byte & 128) continue
    numbers.push(number & 1 ? -(number + 1) / 2 : number / 2)
    ;[number, shift] = [0, 0]
  }
  return numbers
}

// A picture file of the pixels, ink white on black.
async function pixelsAsFile(pixels) {
  const canvas = make("canvas", { width: SIDE, height: SIDE })
  const image = new ImageData(SIDE, SIDE)
  for (const [at, pixel] of pixels.entries()) image.data.set([pixel, pixel, pixel, 255], 4 * at)
  canvas.getContext("2d").putImageData(image, 0, 0)
  const content = await new Promise((resolve) => canvas.toBlob(resolve))
  return new File([content], "A shared digit.png", { type: "image/png" })
}

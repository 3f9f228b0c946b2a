// One digit's ink becomes an image as MNIST has them: 20x20, strokes as thick, centre of mass in the middle of 28x28.
// It is what fastnet/reading/pictures/mnist_form.py does, to the same pixels; resizing is Pillow's, with its rounding.
// A picture is {width, height, pixels}, from 0 (paper) to 255 (ink), row by row.

const SIDE = 28
const BOX = 20 // the longer side of the digit
const CENTRE = 14 // where the centre of mass lies, counted from 0
const FINE = 4 // strokes are thickened on a grid so much finer
const [THINNEST, THICKEST] = [2, 4] // strokes, in pixels of the result

function toMnistForm(ink) {
  return centred(reduced(square(withUsualStrokes(fit(ink, BOX * FINE)))))
}

const blank = (width, height) => ({ width, height, pixels: new Uint8Array(width * height) })

// As Python rounds: a half to the even number.
function round(number) {
  return Math.abs(number % 1) === 0.5 ? 2 * Math.round(number / 2) : Math.round(number)
}

const clip = (number, least, most) => Math.min(Math.max(number, least), most)

// Scaled so that the longer side is `side`; thin strokes are kept, though they cover no whole pixel.
function fit(ink, side) {
  const scale = side / Math.max(ink.width, ink.height)
  const [width, height] = [ink.width, ink.height].map((length) => Math.max(1, round(length * scale)))
  if (scale >= 1) return resized(ink, width, height, CUBIC)
  const fitted = resized(ink, width, height, MEAN)
  const gain = Math.fround(255 / Math.max(upperDecile(fitted.pixels.filter((pixel) => pixel > 0)), 1))
  return { ...fitted, pixels: fitted.pixels.map((pixel) => Math.min(Math.fround(pixel * gain), 255)) }
}

function upperDecile(pixels) {
  if (pixels.length === 0) return 255
  const sorted = pixels.sort()
  const place = 0.9 * (sorted.length - 1)
  const below = sorted[Math.floor(place)]
  return below + (sorted[Math.ceil(place)] - below) * (place % 1)
}

function withUsualStrokes(fine) {
  const width = strokeWidth(fine) / FINE
  if (width === 0) return fine
  const grow = ((clip(width, THINNEST, THICKEST) - width) * FINE) / 2
  if (grow >= 0.5) return grown(padded(fine, round(grow)), grow)
  if (grow <= -0.5) return negative(grown(negative(fine), -grow))
  return fine
}

const negative = (picture) => ({ ...picture, pixels: picture.pixels.map((pixel) => 255 - pixel) })

// Twice the area over the length of the outline.
function strokeWidth({ width, height, pixels }) {
  const isInk = (x, y) => x >= 0 && x < width && y >= 0 && y < height && pixels[y * width + x] > 127
  let [area, outline] = [0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isInk(x, y)) continue
      area += 1
      if (!(isInk(x - 1, y) && isInk(x + 1, y) && isInk(x, y - 1) && isInk(x, y + 1))) outline += 1
    }
  }
  return outline ? (2 * area) / outline : 0
}

// The most ink within that distance of each pixel.
function grown(picture, radius) {
  const { width, height } = picture
  const reach = Math.floor(radius)
  const wide = padded(picture, reach)
  const result = { width, height, pixels: picture.pixels.slice() }
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      if (dx * dx + dy * dy > radius * radius) continue
      for (let y = 0; y < height; y++) {
        let from = (y + reach + dy) * wide.width + reach + dx
        for (let to = y * width; to < (y + 1) * width; to++, from++) {
          if (wide.pixels[from] > result.pixels[to]) result.pixels[to] = wide.pixels[from]
        }
      }
    }
  }
  return result
}

const padded = (picture, margin) =>
  laidOn(blank(picture.width + 2 * margin, picture.height + 2 * margin), picture, margin, margin)

function laidOn(ground, picture, left, top) {
  for (let y = 0; y < picture.height; y++) {
    const row = picture.pixels.subarray(y * picture.width, (y + 1) * picture.width)
    ground.pixels.set(row, (top + y) * ground.width + left)
  }
  return ground
}

// Scaled to the box again, if growing made it larger, in the middle of a square.
function square(picture) {
  const side = BOX * FINE
  const fitting = Math.max(picture.width, picture.height) > side ? fit(picture, side) : picture
  const [left, top] = [fitting.width, fitting.height].map((length) => Math.floor((side - length) / 2))
  return laidOn(blank(side, side), fitting, left, top)
}

// Each pixel the mean of FINE x FINE.
function reduced(picture) {
  const small = blank(picture.width / FINE, picture.height / FINE)
  for (let y = 0; y < small.height; y++) {
    for (let x = 0; x < small.width; x++) {
      let sum = (FINE * FINE) / 2
      for (let v = FINE * y; v < FINE * (y + 1); v++) {
        for (let u = FINE * x; u < FINE * (x + 1); u++) sum += picture.pixels[v * picture.width + u]
      }
      small.pixels[y * small.width + x] = Math.floor(sum / (FINE * FINE))
    }
  }
  return small
}

function centred(small) {
  let [sum, across, down] = [0, 0, 0]
  for (const [at, pixel] of small.pixels.entries()) {
    sum += pixel
    across += pixel * (at % small.width)
    down += pixel * Math.floor(at / small.width)
  }
  const [left, top] = [across, down].map((moment) => clip(round(CENTRE - moment / sum), 0, SIDE - BOX))
  return sum ? laidOn(blank(SIDE, SIDE), small, left, top).pixels : blank(SIDE, SIDE).pixels
}

// ---- Resizing -------------------------------------------------------------------------------------------------------

const ONE = 2 ** 22 // weights are whole numbers of that part

const MEAN = { reach: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) }
const CUBIC = { reach: 2, weight: (x) => cubic(Math.abs(x)) } // Keys 1981, with a = -1/2
const cubic = (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0)

function resized(picture, width, height, filter) {
  return transposed(resizedAcross(transposed(resizedAcross(picture, width, filter)), height, filter))
}

function resizedAcross(picture, width, filter) {
  if (width === picture.width) return picture
  const result = blank(width, picture.height)
  for (const [x, { first, weights }] of windows(picture.width, width, filter).entries()) {
    for (let y = 0; y < picture.height; y++) {
      const start = y * picture.width + first
      let sum = ONE / 2
      for (let k = 0; k < weights.length; k++) sum += weights[k] * picture.pixels[start + k]
      result.pixels[y * width + x] = clip(Math.floor(sum / ONE), 0, 255)
    }
  }
  return result
}

// For each pixel of the result: the first that it is made of, and the weights of that and the next ones.
function windows(from, to, filter) {
  const scale = from / to
  const stretch = Math.max(scale, 1)
  const reach = filter.reach * stretch
  return Array.from({ length: to }, (_, x) => {
    const centre = (x + 0.5) * scale
    const first = Math.max(0, Math.trunc(centre - reach + 0.5))
    const stop = Math.min(from, Math.trunc(centre + reach + 0.5))
    const places = Array.from({ length: stop - first }, (_, k) => k + first - centre + 0.5)
    const weights = places.map((place) => filter.weight(place * (1 / stretch)))
    const sum = weights.reduce((total, weight) => total + weight, 0)
    return { first, weights: weights.map((weight) => Math.trunc((weight / sum) * ONE + 0.5 * Math.sign(weight))) }
  })
}

function transposed({ width, height, pixels }) {
  const result = blank(height, width)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) result.pixels[x * height + y] = pixels[y * width + x]
  return result
}

// The board: strokes of mouse, finger or pen. They are kept as points of a board that is `WIDTH` by `HEIGHT`, so that
// what is read does not depend on the screen.

const [WIDTH, HEIGHT] = [560, 420]
const PEN = 30 // of such points, wide
const LEAST_STEP = 1.5 // points nearer than that add nothing

function makeBoard(canvas, changed) {
  const copy = new OffscreenCanvas(WIDTH, HEIGHT).getContext("2d", { willReadFrequently: true })
  let strokes = []
  let before = []

  const paint = () => {
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio)
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio)
    const context = canvas.getContext("2d")
    context.strokeStyle = getComputedStyle(canvas).color
    paintStrokes(context, strokes)
  }
  const show = (isResting = true) => {
    paint()
    changed({ isBlank: strokes.length === 0, canUndo: before.length > 0, isResting })
  }
  const change = (others) => {
    before.push(strokes)
    strokes = others
  }
  watchPen(canvas, {
    down: () => change([...strokes, []]),
    move: (event) => {
      if (addPoint(strokes.at(-1), placeOn(canvas, event))) show(false)
    },
    up: () => show(),
  })
  new ResizeObserver(paint).observe(canvas)
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint)

  return {
    undo: () => {
      if (before.length === 0) return
      strokes = before.pop()
      show()
    },
    draw: (others) => {
      change(others)
      show()
    },
    // A stroke goes on, to its last point or not yet; false if it is no longer the last one.
    extend: (stroke, point, isLast) => {
      if (strokes.at(-1) !== stroke) return false
      stroke.push(point)
      show(isLast)
      return true
    },
    // How much ink lies on each pixel: a picture of 0 to 255.
    drawing: () => {
      copy.clearRect(0, 0, WIDTH, HEIGHT)
      paintStrokes(copy, strokes)
      const { data } = copy.getImageData(0, 0, WIDTH, HEIGHT)
      const pixels = new Uint8Array(WIDTH * HEIGHT)
      for (let at = 0; at < pixels.length; at++) pixels[at] = data[4 * at + 3]
      return { width: WIDTH, height: HEIGHT, pixels }
    },
  }
}

function placeOn(canvas, event) {
  const { left, top, width, height } = canvas.getBoundingClientRect()
  return [((event.clientX - left) / width) * WIDTH, ((event.clientY - top) / height) * HEIGHT]
}

function addPoint(points, [x, y]) {
  const [lastX, lastY] = points.at(-1) ?? []
  if (Math.hypot(x - lastX, y - lastY) < LEAST_STEP) return false
  points.push([x, y])
  return true
}

function paintStrokes(context, strokes) {
  context.setTransform(context.canvas.width / WIDTH, 0, 0, context.canvas.height / HEIGHT, 0, 0)
  context.lineWidth = PEN
  context.lineCap = context.lineJoin = "round"
  for (const points of strokes) {
    context.beginPath()
    for (const point of [...points.slice(0, 1), ...points]) context.lineTo(...point) // one point alone is a dot
    context.stroke()
  }
}
